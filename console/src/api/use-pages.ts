import { useEffect, useRef, useState } from 'preact/hooks';
import { call, callErrorOf } from './call.ts';
import type { CallError, Method } from './call.ts';
import { kindsOf } from './follows.ts';
import { useNews } from './use-news.ts';

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

/** More pages are not asked for again when something changes: whoever has come so far begins anew with the first ones. */
const MOST_AGAIN = 5;

/**
 * Asks for pages of a list: the first at once, and again whenever the request is another one; those that are shown, when
 * something that they are made of has changed.
 */
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
  /** @param wanted how many pages, one after the other: what was there before is shown until all have come */
  const load = (token: string | undefined, before: readonly Response[], wanted = 1): void => {
    leaving.current.abort();
    const own = new AbortController();
    leaving.current = own;
    setLoading(true);
    call(asked, { ...request, ...(token !== undefined && { pageToken: token }) }, own.signal).then(
      (page) => {
        if (own.signal.aborted) return;
        const rest = page.nextPageToken ?? '';
        if (wanted > 1 && rest !== '') return load(rest, [...before, page], wanted - 1);
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
  useNews(key, kindsOf(asked, request), () => load(undefined, [], Math.min(MOST_AGAIN, pages.length)));
  const next = pages.at(-1)?.nextPageToken ?? '';
  return {
    pages,
    error,
    isLoading,
    more: next === '' ? undefined : () => load(next, pages),
    reload: () => setRound((count) => count + 1),
  };
}
