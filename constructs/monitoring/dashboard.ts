// Grafana dashboards as values: rows of panels, each a question with its queries. Positions and ids follow from the order.

/** Units as Grafana names them. */
export type PanelUnit = 's' | 'short' | 'reqps' | 'percentunit' | 'decbytes' | 'bytes' | 'none';

export interface Panel {
  /** The question that it answers. */
  readonly title: string;
  readonly unit: PanelUnit;
  readonly queries: readonly Query[];
  /** Line at the limit that an alert looks at, in the panel's unit. @default - none */
  readonly limit?: number;
}

export interface Query {
  readonly expr: string;
  /** Name of the line; `{{label}}` stands for a label's value. */
  readonly legend: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface DashboardSpec {
  readonly title: string;
  /** Stays the same for the dashboard's life: links hold it. At most 40 characters. */
  readonly uid: string;
  readonly tags: readonly string[];
  readonly rows: readonly Row[];
}

/** Grafana's grid is 24 wide. */
const GRID = 24;
const PANEL_HEIGHT = 8;
const PANELS_A_ROW = 3;
/** Version of the JSON model of Grafana 11; newer ones migrate it on load. */
const SCHEMA_VERSION = 39;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;

/** The JSON model of a dashboard; the Prometheus it reads is chosen in it. */
export function dashboardJson({ title, uid, tags, rows }: DashboardSpec): string {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: GRID, h: 1 },
      panels: [],
    });
    y += 1;
    const width = GRID / PANELS_A_ROW;
    for (const [n, panel] of row.panels.entries()) {
      const gridPos = {
        x: (n % PANELS_A_ROW) * width,
        y: y + Math.floor(n / PANELS_A_ROW) * PANEL_HEIGHT,
        w: width,
        h: PANEL_HEIGHT,
      };
      panels.push(timeSeries(panel, panels.length + 1, gridPos));
    }
    y += Math.ceil(row.panels.length / PANELS_A_ROW) * PANEL_HEIGHT;
  }
  const model = {
    uid,
    title,
    tags,
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'utc',
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }] },
    panels,
  };
  return JSON.stringify(model, undefined, 2);
}

function timeSeries({ title, unit, queries, limit }: Panel, id: number, gridPos: object): unknown {
  return {
    id,
    type: 'timeseries',
    title,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: {
          fillOpacity: 10,
          showPoints: 'never',
          ...(limit === undefined ? {} : { thresholdsStyle: { mode: 'line' } }),
        },
        ...(limit === undefined
          ? {}
          : {
              thresholds: {
                mode: 'absolute',
                steps: [
                  { color: 'green', value: null },
                  { color: 'red', value: limit },
                ],
              },
            }),
      },
      overrides: [],
    },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, n) => ({
      refId: String.fromCharCode(65 + n),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}
