import type { ConfigurationFields } from './configuration-fields.ts';
import type { GcpEnvironment, MonitoringForm, PoolForm, VertexForm } from './environment.ts';

export const ZONE = /^[a-z]+-[a-z]+\d+-[a-z]$/;
const MACHINE = /^[a-z]\d\w*-[a-z]+-\w+$/;
const FORMS = ['on-demand', 'spot', 'queued', 'flex-start', 'reserved'] as const;

/** The section `pools`, by machine. */
export function poolsConfiguration(
  fields: ConfigurationFields,
  everywhere: GcpEnvironment['zones'],
): GcpEnvironment['pools'] {
  return fields.entries('pools', (path): PoolForm => {
    const type = fields.choice(`${path}.type`, FORMS);
    const zones =
      fields.optional(`${path}.zones`, (at) =>
        fields.texts<[string, ...string[]]>(at, 1, ZONE, 'zones, such as europe-west4-a'),
      ) ?? everywhere;
    if (type === 'reserved')
      return { type, zones, reservation: fields.text(`${path}.reservation`, /^[a-z][a-z0-9-]*$/, 'its name') };
    if (type !== 'flex-start') return { type, zones };
    const runsFor = fields.optional(`${path}.runsFor`, (at) =>
      fields.text<`${number} hours`>(at, /^\d+ hours$/, 'such as 24 hours'),
    );
    return { type, zones, ...(runsFor === undefined ? {} : { runsFor }) };
  });
}

/** The section `vertex`, by engine. */
export function vertexConfiguration(fields: ConfigurationFields): GcpEnvironment['vertex'] {
  return fields.entries('vertex', (path): VertexForm => {
    const atLeast = fields.optional(`${path}.atLeast`, (at) => fields.whole(at, 1));
    const monitoring = fields.optional(`${path}.monitoring`, (at) => monitoringConfiguration(fields, at));
    return {
      machine: fields.text(`${path}.machine`, MACHINE, 'such as g2-standard-12'),
      image: fields.text(`${path}.image`, /^\S+$/, 'an image with its registry and digest'),
      predictRoute: fields.text(`${path}.predictRoute`, /^\/\S*$/, 'such as /v1/chat/completions'),
      healthRoute: fields.text(`${path}.healthRoute`, /^\/\S*$/, 'such as /health'),
      ...(atLeast === undefined ? {} : { atLeast }),
      ...(monitoring === undefined ? {} : { monitoring }),
    };
  });
}

const SHARE = /^(100|\d{1,2}(\.\d+)?)%$/;

function monitoringConfiguration(fields: ConfigurationFields, path: string): MonitoringForm {
  const kept = fields.optional(`${path}.kept`, (at) =>
    fields.text<`${number} days`>(at, /^[1-9]\d* days$/, 'such as 30 days'),
  );
  return {
    every: fields.text<`${number} hours`>(`${path}.every`, /^[1-9]\d* hours?$/, 'such as 24 hours'),
    sampled: fields.text<`${number}%`>(`${path}.sampled`, SHARE, 'such as 10%'),
    drift: fields.entries(`${path}.drift`, (at) => fields.text<`${number}%`>(at, SHARE, 'such as 30%')),
    ...(kept === undefined ? {} : { kept }),
  };
}
