import type { SampledRequest } from './sampled-request.ts';

/** A sample in the pool. */
export interface KeptSample {
  readonly key: string;
  /** The sequence of its decision. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly keptAt: number;
  /** From the decision alone, until the entry of Envoy's log arrives. */
  sampled: SampledRequest;
  bytes: number;
}

/**
 * The latest samples of each key, within a number of bytes for all keys. Beyond it the oldest go, whatever their key.
 */
export class SamplePool {
  readonly #mostOfKey: number;
  readonly #maxBytes: number;
  readonly #changed: Set<KeptSample> | undefined;
  /** The oldest first, as in each key. */
  readonly #bySequence = new Map<number, KeptSample>();
  readonly #byKey = new Map<string, KeptSample[]>();
  #bytes = 0;

  /** @param changed is to contain those in the pool that were added or replaced; whoever reads them removes them */
  constructor(mostOfKey: number, maxBytes: number, changed?: Set<KeptSample>) {
    this.#mostOfKey = mostOfKey;
    this.#maxBytes = maxBytes;
    this.#changed = changed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(key: string, sequence: number, keptAt: number, sampled: SampledRequest): void {
    const sample: KeptSample = { key, sequence, keptAt, sampled, bytes: bytesOf(sampled) };
    const ofKey = this.#byKey.get(key) ?? [];
    if (ofKey.length === 0) this.#byKey.set(key, ofKey);
    ofKey.push(sample);
    this.#bySequence.set(sequence, sample);
    this.#changed?.add(sample);
    this.#bytes += sample.bytes;
    if (ofKey.length > this.#mostOfKey) this.#drop(ofKey[0] as KeptSample);
    this.#dropBeyondBytes();
  }

  has(sequence: number): boolean {
    return this.#bySequence.has(sequence);
  }

  /** Replaces a sample with a more complete one. */
  replace(sequence: number, change: (sampled: SampledRequest) => SampledRequest): void {
    const sample = this.#bySequence.get(sequence);
    if (sample === undefined) return;
    sample.sampled = change(sample.sampled);
    const bytes = bytesOf(sample.sampled);
    this.#bytes += bytes - sample.bytes;
    sample.bytes = bytes;
    this.#changed?.add(sample);
    this.#dropBeyondBytes();
  }

  dropBefore(time: number): void {
    for (const sample of this.#bySequence.values()) {
      if (sample.keptAt >= time) return;
      this.#drop(sample);
    }
  }

  all(): Iterable<KeptSample> {
    return this.#bySequence.values();
  }

  #dropBeyondBytes(): void {
    if (this.#bytes <= this.#maxBytes) return;
    for (const sample of this.#bySequence.values()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(sample);
    }
  }

  /** Removes a sample that is the oldest of its key. */
  #drop(sample: KeptSample): void {
    const { key, sequence, bytes } = sample;
    this.#changed?.delete(sample);
    this.#bySequence.delete(sequence);
    this.#bytes -= bytes;
    const ofKey = this.#byKey.get(key);
    ofKey?.shift();
    if (ofKey?.length === 0) this.#byKey.delete(key);
  }
}

/** The size of a sample's object with its entries in two maps, and of each step. */
const OWN_BYTES = 600;
const STEP_BYTES = 150;
/** The size of each field of an event, without its text. */
const FIELD_BYTES = 16;

/** An estimate, rather too high: most of the texts belong to documents, which are in memory anyway. */
function bytesOf({ event, steps }: SampledRequest): number {
  let bytes = OWN_BYTES + steps.length * STEP_BYTES;
  for (const { detail = '' } of steps) bytes += 2 * detail.length;
  for (const value of Object.values(event) as unknown[]) {
    bytes += FIELD_BYTES;
    if (typeof value === 'string') bytes += 2 * value.length;
    else if (Array.isArray(value)) for (const text of value as string[]) bytes += FIELD_BYTES + 2 * text.length;
  }
  return bytes;
}
