/** What a running ostiary says of itself, by its administration. */
export interface ServiceState {
  /** Its URL. */
  readonly name: string;
  /** Why it is not ready; undefined: it is. */
  readonly notReady: string | undefined;
  /** How far its clock is ahead of ours, to a second. */
  readonly clockOffsetMs: number | undefined;
  readonly metrics: readonly Sample[];
}

/** One line of an exposition of Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A sidecar as its control plane sees it. */
export interface SidecarState {
  readonly node: string;
  /** The control plane. */
  readonly of: string;
  /** Why it does not enforce what it should; undefined: it does. */
  readonly stale: string | undefined;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+([^\s]+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus's text format, which is also that of OpenMetrics as far as it matters here. */
export function readSamples(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
    if (name === '') return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text_ = '']) => [
      key,
      text_.replaceAll(/\\(.)/g, '$1'),
    ]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}
