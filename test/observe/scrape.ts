import type { Registry } from 'prom-client';

/** Reads values out of the text that Prometheus would scrape. */
export function scraperOf(registry: Registry) {
  const text = (): Promise<string> => registry.metrics();
  return {
    text,
    /** The value of the series with exactly this name and these labels. */
    line: async (series: string): Promise<number | undefined> => {
      const found = (await text()).split('\n').find((candidate) => candidate.startsWith(`${series} `));
      return found === undefined ? undefined : Number(found.slice(series.length + 1));
    },
  };
}
