interface AlertSpec {
  readonly api?: string;
  readonly metric?: string;
  readonly statistic?: string;
  readonly operator?: string;
  readonly threshold?: string | number;
  readonly window?: string;
}

/** When an alert fires, in a sentence: "responseTime p95 of orders above 500ms in 5m". @param document of kind Alert */
export function alertWords(document: Readonly<Record<string, unknown>> | undefined): string {
  const { api, metric = '', operator, statistic, threshold = '', window } = (document?.['spec'] ?? {}) as AlertSpec;
  const over = operator ?? (metric === 'completeness' ? 'below' : 'above');
  return [
    metric,
    metric === 'responseTime' ? (statistic ?? 'p95') : '',
    api === undefined ? '' : `of ${api}`,
    `${over} ${threshold}`,
    window === undefined ? '' : `in ${window}`,
  ]
    .filter(Boolean)
    .join(' ');
}
