import type { DashboardSpec, Panel, PanelUnit, Row } from '../../monitoring/dashboard.ts';

// The JSON that a dashboard of Cloud Monitoring is, as far as it is used (monitoring/api/ref_v3/rest/v1/projects.dashboards).

export interface CloudDashboard {
  readonly displayName: string;
  readonly labels: Readonly<Record<string, ''>>;
  readonly mosaicLayout: { readonly columns: 48; readonly tiles: readonly Tile[] };
}

export interface Tile {
  readonly xPos: number;
  readonly yPos: number;
  readonly width: number;
  readonly height: number;
  readonly widget: { readonly title: string } & (
    | { readonly sectionHeader: { readonly dividerBelow: boolean } }
    | { readonly xyChart: XyChart }
  );
}

interface XyChart {
  readonly dataSets: readonly {
    readonly plotType: 'LINE';
    readonly targetAxis: 'Y1';
    readonly legendTemplate: string;
    readonly timeSeriesQuery: { readonly prometheusQuery: string; readonly unitOverride: string };
  }[];
  readonly thresholds: readonly { readonly value: number; readonly targetAxis: 'Y1'; readonly label: string }[];
  readonly yAxis: { readonly scale: 'LINEAR' };
}

const COLUMNS = 48;
const PANELS_A_ROW = 3;
const HEADER_HEIGHT = 4;
const PANEL_HEIGHT = 16;
/** Cloud Monitoring shows no more on one page. */
const MOST_TILES = 100;
/** Grafana's variable for the rate window; here every scrape of five minutes is in it. */
const RATE_INTERVAL = /\$__rate_interval/g;

/** Units as the API names them; shares and counts are plain numbers. */
const UNITS: Readonly<Record<PanelUnit, string>> = {
  s: 's',
  short: '1',
  reqps: '1/s',
  percentunit: '10^2.%',
  decbytes: 'By',
  bytes: 'By',
  none: '1',
};

/** The rows that Grafana shows too, on as many pages as Cloud Monitoring needs for them; a row is on one page. */
export function cloudDashboards({ title, rows }: DashboardSpec, platform: string): readonly CloudDashboard[] {
  const pages: Row[][] = [];
  for (const row of rows) {
    const page = pages.at(-1);
    if (page !== undefined && tilesOf([...page, row]) <= MOST_TILES) page.push(row);
    else pages.push([row]);
  }
  return pages.map((page, n) => ({
    displayName: n === 0 ? title : `${title}, page ${n + 1}`,
    labels: { penstock: '', [platform]: '' },
    mosaicLayout: { columns: COLUMNS, tiles: laidOut(page) },
  }));
}

const tilesOf = (rows: readonly Row[]): number => rows.reduce((sum, { panels }) => sum + 1 + panels.length, 0);

function laidOut(rows: readonly Row[]): readonly Tile[] {
  const width = COLUMNS / PANELS_A_ROW;
  let top = 0;
  return rows.flatMap(({ title, panels }) => {
    const header: Tile = {
      xPos: 0,
      yPos: top,
      width: COLUMNS,
      height: HEADER_HEIGHT,
      widget: { title, sectionHeader: { dividerBelow: true } },
    };
    const first = top + HEADER_HEIGHT;
    top = first + Math.ceil(panels.length / PANELS_A_ROW) * PANEL_HEIGHT;
    return [
      header,
      ...panels.map((panel, n) => ({
        xPos: (n % PANELS_A_ROW) * width,
        yPos: first + Math.floor(n / PANELS_A_ROW) * PANEL_HEIGHT,
        width,
        height: PANEL_HEIGHT,
        widget: { title: panel.title, xyChart: chartOf(panel) },
      })),
    ];
  });
}

const chartOf = ({ queries, unit, limit }: Panel): XyChart => ({
  dataSets: queries.map(({ expr, legend }) => ({
    plotType: 'LINE',
    targetAxis: 'Y1',
    legendTemplate: legend.replaceAll(/\{\{(\w+)\}\}/g, (_all, label: string) => `\${metric.labels.${label}}`),
    timeSeriesQuery: { prometheusQuery: expr.replaceAll(RATE_INTERVAL, '5m'), unitOverride: UNITS[unit] },
  })),
  thresholds: limit === undefined ? [] : [{ value: limit, targetAxis: 'Y1', label: 'limit' }],
  yAxis: { scale: 'LINEAR' },
});
