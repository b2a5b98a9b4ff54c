import type { Audience, Panel } from './panel.ts';
import { panels } from './panels.ts';

/** The classic model, which every Grafana since 10.4 accepts; newer versions migrate it when they load it. */
const SCHEMA_VERSION = 39;

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** The number of columns of Grafana's grid. */
const COLUMNS = 24;

const TIME_SERIES = { drawStyle: 'line', lineWidth: 1, fillOpacity: 10, showPoints: 'never', spanNulls: false };
const TIME_SERIES_OPTIONS = {
  legend: { showLegend: true, displayMode: 'table', placement: 'right', calcs: ['mean', 'max'] },
  tooltip: { mode: 'multi', sort: 'desc' },
};
const STAT_OPTIONS = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  colorMode: 'none',
  graphMode: 'area',
  justifyMode: 'auto',
  orientation: 'auto',
  textMode: 'auto',
};

interface Kind {
  readonly title: string;
  readonly description: string;
  /** The replacement of `SCOPE` in queries. */
  readonly scope: string;
  readonly variables: readonly object[];
}

/** A choice of the values of a label. */
function labelVariable(name: string, label: string, isMulti: boolean): object {
  const query = `label_values(ostiary_requests_total{${name === 'api' ? 'api!=""' : `${name}!=""`}}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: 'Variable' },
    // Refreshes when the time range changes, so that new APIs appear without a reload.
    refresh: 2,
    sort: 1,
    hide: 0,
    multi: isMulti,
    includeAll: isMulti,
    ...(isMulti && { allValue: '.*' }),
    current: isMulti ? { selected: true, text: ['All'], value: ['$__all'] } : {},
    options: [],
    regex: '',
    skipUrlSync: false,
  };
}

const KINDS: Readonly<Record<Audience, Kind>> = {
  platform: {
    title: 'ostiary: platform',
    description: 'All APIs, and ostiary itself.',
    scope: 'api=~"$api"',
    variables: [labelVariable('api', 'API', true)],
  },
  owner: {
    title: 'ostiary: an API',
    description: 'One API for its owner: who calls, how fast, what fails, what is refused and why.',
    scope: 'api="$api"',
    variables: [labelVariable('api', 'API', false)],
  },
  client: {
    title: 'ostiary: a client application',
    description: 'One client application for whoever calls by it: which APIs, what came of it, what was refused.',
    scope: 'client="$client"',
    variables: [labelVariable('client', 'Client application', false)],
  },
};

/** A dashboard of Grafana, as JSON for import, provisioning or a ConfigMap. */
export function dashboard(audience: Audience): object {
  const { title, description, scope, variables } = KINDS[audience];
  return {
    // The same in every Grafana, so that a newer version replaces an older one.
    uid: `ostiary-${audience}`,
    title,
    description,
    tags: ['ostiary'],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    weekStart: '',
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    fiscalYearStartMonth: 0,
    links: [
      {
        title: 'ostiary',
        type: 'dashboards',
        tags: ['ostiary'],
        asDropdown: false,
        icon: '',
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        tooltip: '',
        url: '',
      },
    ],
    annotations: { list: [] },
    templating: { list: [datasourceVariable(), ...variables] },
    panels: laidOut(
      panels.filter(({ audiences }) => audiences.includes(audience)),
      scope,
    ),
  };
}

function datasourceVariable(): object {
  return {
    name: 'datasource',
    label: 'Prometheus',
    type: 'datasource',
    query: 'prometheus',
    refresh: 1,
    hide: 0,
    multi: false,
    includeAll: false,
    current: {},
    options: [],
    regex: '',
    skipUrlSync: false,
  };
}

/** Places panels from left to right below their row. */
function laidOut(chosen: readonly Panel[], scope: string): readonly object[] {
  const made: object[] = [];
  let y = 0;
  let id = 0;
  for (const row of new Set(chosen.map((panel) => panel.row))) {
    made.push({
      id: ++id,
      type: 'row',
      title: row,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
      panels: [],
    });
    const own = chosen.filter((panel) => panel.row === row);
    const isStats = own.every(({ type }) => type === 'stat');
    const [w, h] = isStats ? [Math.floor(COLUMNS / own.length), 4] : [COLUMNS / 2, 8];
    for (const [at, panel] of own.entries()) {
      const perLine = Math.floor(COLUMNS / w);
      const gridPos = { x: (at % perLine) * w, y: y + Math.floor(at / perLine) * h, w, h };
      made.push(panelOf(panel, ++id, gridPos, scope));
    }
    y += Math.ceil(own.length / Math.floor(COLUMNS / w)) * h;
  }
  return made;
}

function panelOf(
  { title, description, type, unit, queries }: Panel,
  id: number,
  gridPos: object,
  scope: string,
): object {
  return {
    id,
    type,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0, ...(type === 'timeseries' && { custom: TIME_SERIES }) }, overrides: [] },
    options: type === 'timeseries' ? TIME_SERIES_OPTIONS : STAT_OPTIONS,
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource: DATASOURCE,
      expr: expr.replaceAll('SCOPE', scope),
      legendFormat: legend,
      editorMode: 'code',
      range: true,
    })),
  };
}

/**
 * A ConfigMap that the sidecar of Grafana's chart finds by its label.
 * @param dashboards by file name
 */
export function dashboardConfigMap(
  dashboards: Readonly<Record<string, object>>,
  metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): object {
  const data = Object.entries(dashboards).map(([file, each]) => [file, `${JSON.stringify(each, undefined, 2)}\n`]);
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(data) };
}
