import type { Topology } from '@penstock/model';

/** What has to lie in a registry or a bucket before a platform can start. */
export interface Artifacts {
  /** Names of the services: one image each, however many workloads run it. */
  readonly services: readonly string[];
  readonly models: readonly ModelArtifact[];
}

export interface ModelArtifact {
  readonly id: string;
  readonly revision: string;
  /** `<id>/<revision>/`: where its files lie, so that two revisions can serve side by side. */
  readonly prefix: string;
}

/** The images and models that a topology names, each once, in a stable order. */
export function artifactsOf(topology: Topology): Artifacts {
  const { workers, engines, httpServices, schedules, migrations } = topology;
  const workloads = [workers, engines, httpServices, schedules, migrations].flatMap((section) =>
    Object.values<{ readonly service: { readonly name: string } }>(section),
  );
  const models = Object.values(topology.engines).map(({ model }) => [`${model.id}/${model.revision}/`, model] as const);
  return {
    services: [...new Set(workloads.map(({ service }) => service.name))].toSorted(),
    models: [...new Map(models)]
      .map(([prefix, { id, revision }]) => ({ id, revision, prefix }))
      .toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1)),
  };
}

/** Names of the images below the platform's own: its services, and the files of each model as an image. */
export const imageNames = ({ services, models }: Artifacts): readonly string[] => [
  ...services,
  ...new Set(models.map(({ id }) => `models/${id}`)),
];

/** An image that lost its tag is kept for as long as somebody may still roll back to it by digest. */
export const UNTAGGED_IMAGE_DAYS = 14;
