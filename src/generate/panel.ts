/** The audience of a dashboard. */
export const AUDIENCES = ['platform', 'owner', 'client'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** Grafana's names of units. */
export type Unit = 'reqps' | 'percentunit' | 's' | 'Bps' | 'short' | 'bytes' | 'ops';

export interface Panel {
  readonly title: string;
  /** One sentence that says what it shows and how to judge it. */
  readonly description: string;
  readonly audiences: readonly Audience[];
  readonly row: string;
  readonly type: 'timeseries' | 'stat' | 'bargauge';
  readonly unit: Unit;
  readonly queries: readonly PanelQuery[];
}

/**
 * `SCOPE` in an expression becomes the matchers of the dashboard's variables: all APIs for the platform, the chosen API
 * for its owner, the chosen client application for whoever calls by it.
 */
export interface PanelQuery {
  readonly expr: string;
  readonly legend: string;
}

/** A rate over the steps that Grafana draws. */
export const RATE = '[$__rate_interval]';
