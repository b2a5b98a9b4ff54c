const FIRST_MS = 500;
const MOST_MS = 20_000;

/**
 * How long to wait after so many failures in a row: twice as long each time, and never all pages at once.
 * @param failures from 1
 * @param random from 0 to 1
 */
export function pauseMs(failures: number, random: number): number {
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest / 2 + (random * longest) / 2;
}

/**
 * Whether the control plane is away, after so many failures in a row: one alone may be a restart.
 * @param code of the last one, as a CallError has it: a refusal is an answer too
 */
export function isAwayAfter(failures: number, code: string | undefined): boolean {
  return failures > 1 && code !== 'permission_denied';
}

export interface Gathering {
  /** Something happened. */
  add(): void;
  /** Nothing more is wanted. */
  end(): void;
}

/** Tells once of many things that happen at about the same time, and never more often than every `everyMs`. */
export function gathering(tell: () => void, soonMs: number, everyMs: number, now: () => number): Gathering {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = Number.NEGATIVE_INFINITY;
  return {
    add() {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          told = now();
          tell();
        },
        Math.max(soonMs, told + everyMs - now()),
      );
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
