import { useEffect, useReducer, useRef } from 'preact/hooks';
import { call, callErrorOf } from '../../api/call.ts';
import type { CallError, Method } from '../../api/call.ts';
import { LatestAnswers } from '../../api/latest-answers.ts';
import type { Called } from '../../api/use-call.ts';

export interface Answered<Response> extends Called<Response> {
  /** What is shown is the answer to another question, until the one to this has come. */
  readonly isOld: boolean;
}

const lately = new LatestAnswers(40);

/** Others ask too: the control plane answers so many questions at once, and says when it can't. */
const BUSY = 'resource_exhausted';
const BUSY_MS = 1500;
const MOST_TRIES = 6;

interface State {
  readonly key: string | undefined;
  readonly error: CallError | undefined;
  readonly isLoading: boolean;
}

/**
 * Asks a question, and quietly asks it again with each round: what was shown stays until there is something newer, of
 * another time too.
 * @param request undefined: there is nothing to ask yet
 */
export function useAnswer<Request, Response>(
  asked: Method<Request, Response>,
  request: Request | undefined,
  round = 0,
): Answered<Response> {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const [again, reload] = useReducer((count: number) => count + 1, 0);
  const key = request === undefined ? undefined : `${asked.path} ${JSON.stringify(request)}`;
  const state = useRef<State>({ key: undefined, error: undefined, isLoading: false });
  const shown = useRef<Response | undefined>(undefined);
  useEffect(() => {
    if (key === undefined || request === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    state.current = { key, error: state.current.key === key ? state.current.error : undefined, isLoading: true };
    const ask = async (): Promise<void> => {
      for (let tries = 1; ; tries += 1) {
        try {
          lately.keep(key, await call(asked, request, signal));
          state.current = { key, error: undefined, isLoading: false };
          break;
        } catch (reason) {
          const error = callErrorOf(reason);
          if (!signal.aborted && error.code === BUSY && tries < MOST_TRIES) {
            await new Promise((resolve) => setTimeout(resolve, BUSY_MS * (0.5 + Math.random())));
            if (!signal.aborted) continue;
          }
          state.current = { key, error, isLoading: false };
          break;
        }
      }
      if (!signal.aborted) draw(0);
    };
    void ask();
    return () => leaving.abort();
  }, [key, round, again]);
  const own = key === undefined ? undefined : (lately.get(key) as Response | undefined);
  if (own !== undefined) shown.current = own;
  const isOfThis = state.current.key === key;
  return {
    data: key === undefined ? undefined : (own ?? shown.current),
    error: isOfThis ? state.current.error : undefined,
    isLoading: !isOfThis || state.current.isLoading,
    isOld: key !== undefined && own === undefined && shown.current !== undefined,
    reload: () => reload(0),
  };
}

/** Counts up every so often while somebody looks. @param everyS undefined: never */
export function useRounds(everyS: number | undefined): number {
  const [round, next] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (everyS === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') next(0);
    }, everyS * 1000);
    return () => clearInterval(timer);
  }, [everyS]);
  return round;
}
