import { useEffect, useReducer, useRef } from 'preact/hooks';
import { call, callErrorOf } from './call.ts';
import type { CallError, Method } from './call.ts';
import { kindsOf } from './follows.ts';
import { LatestAnswers } from './latest-answers.ts';
import { useNews } from './use-news.ts';

export interface Called<Response> {
  /** The newest answer; undefined: none has come yet. While another is on its way it is the one before. */
  readonly data: Response | undefined;
  readonly error: CallError | undefined;
  readonly isLoading: boolean;
  /** Calls again. */
  readonly reload: () => void;
}

export interface CallOptions {
  /** The kinds that the answer changes with: it is asked again when one does. Absent: as the method says; none: never. */
  readonly follows?: readonly string[];
}

const lately = new LatestAnswers(50);

/**
 * Calls a method for a view: again whenever the request is another one, when what it is about was changed by anybody, and
 * when the control plane is back after it did not answer.
 * @param request undefined: there is nothing to ask yet
 */
export function useCall<Request, Response>(
  asked: Method<Request, Response>,
  request: Request | undefined,
  { follows }: CallOptions = {},
): Called<Response> {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const [round, again] = useReducer((count: number) => count + 1, 0);
  const key = request === undefined ? undefined : `${asked.path} ${JSON.stringify(request)}`;
  const state = useRef<{ key: string | undefined; error: CallError | undefined; isLoading: boolean }>({
    key: undefined,
    error: undefined,
    isLoading: false,
  });
  if (state.current.key !== key) state.current = { key, error: undefined, isLoading: key !== undefined };
  useEffect(() => {
    if (key === undefined || request === undefined) return undefined;
    const leaving = new AbortController();
    state.current.isLoading = true;
    const settle = (error: CallError | undefined): void => {
      if (leaving.signal.aborted) return;
      state.current = { key, error, isLoading: false };
      draw(0);
    };
    call(asked, request, leaving.signal).then(
      (answer) => {
        // It may have been asked for before something was written, and come after.
        if (leaving.signal.aborted) return;
        lately.keep(key, answer);
        settle(undefined);
      },
      (error: unknown) => settle(callErrorOf(error)),
    );
    return () => leaving.abort();
  }, [key, round]);
  useNews(key, follows ?? kindsOf(asked, request), () => again(0));
  const { error, isLoading } = state.current;
  return {
    data: key === undefined ? undefined : (lately.get(key) as Response | undefined),
    error,
    isLoading,
    reload: () => again(0),
  };
}

/** What was written may be in any answer. */
export function forgetAnswers(): void {
  lately.clear();
}
