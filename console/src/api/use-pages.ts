import { useEffect, useRef, useState } from 'preact/hooks';
import { call, callErrorOf } from './call.ts';
import type { CallError, Method } from './call.ts';

interface Paged {
  readonly pageToken?: string;
}

export interface Pages<Response> {
  /** The pages so far; of the request before, while the first of a new one is on its way. None: nothing has come yet. */
  readonly pages: readonly Response[];
  readonly error: CallError | undefined;
  readonly isLoading: boolean;
  /** Asks for the next page; undefined: there is none. */
  readonly more: (() => void) | undefined;
  readonly reload: () => void;
}

/** Asks for pages of a list, the first at once and again whenever the request is another one. */
export function usePages<Request extends Paged, Response extends { readonly nextPageToken?: string }>(
  asked: Method<Request, Response>,
  request: Request,
): Pages<Response> {
  const [pages, setPages] = useState<readonly Response[]>([]);
  const [error, setError] = useState<CallError>();
  const [isLoading, setLoading] = useState(true);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(request);
  const leaving = useRef<AbortController>(new AbortController());
  const load = (token: string | undefined, before: readonly Response[]): void => {
    leaving.current.abort();
    const own = new AbortController();
    leaving.current = own;
    setLoading(true);
    call(asked, { ...request, ...(token !== undefined && { pageToken: token }) }, own.signal).then(
      (page) => {
        if (own.signal.aborted) return;
        setPages([...before, page]);
        setError(undefined);
        setLoading(false);
      },
      (failure: unknown) => {
        if (own.signal.aborted) return;
        setError(callErrorOf(failure));
        setLoading(false);
      },
    );
  };
  useEffect(() => {
    load(undefined, []);
    return () => leaving.current.abort();
  }, [key, round]);
  const next = pages.at(-1)?.nextPageToken ?? '';
  return {
    pages,
    error,
    isLoading,
    more: next === '' ? undefined : () => load(next, pages),
    reload: () => setRound((count) => count + 1),
  };
}
