/** A bounded queue in lanes that take turns, so that a full lane does not delay the others. */
export class FairQueue<Item> {
  readonly #lanes: readonly Set<Item>[];
  readonly #maximumALane: number;
  readonly #maximum: number;
  /** The lane that is next. */
  #next = 0;
  #size = 0;

  constructor(lanes: number, maximumALane: number, maximum: number) {
    this.#lanes = Array.from({ length: lanes }, () => new Set());
    this.#maximumALane = maximumALane;
    this.#maximum = maximum;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns false if there is no room */
  add(lane: number, item: Item): boolean {
    const waiting = this.#lanes[lane];
    if (waiting === undefined) throw new TypeError('there is no such lane');
    if (this.#size >= this.#maximum || waiting.size >= this.#maximumALane) return false;
    waiting.add(item);
    this.#size += 1;
    return true;
  }

  delete(item: Item): void {
    if (this.#lanes.some((lane) => lane.delete(item))) this.#size -= 1;
  }

  next(): Item | undefined {
    for (let looked = 0; looked < this.#lanes.length; looked++) {
      const lane = this.#lanes[this.#next];
      this.#next = (this.#next + 1) % this.#lanes.length;
      for (const item of lane ?? []) {
        this.delete(item);
        return item;
      }
    }
    return undefined;
  }

  clear(): void {
    for (const lane of this.#lanes) lane.clear();
    this.#size = 0;
  }
}
