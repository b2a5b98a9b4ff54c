import type { ComponentChildren, JSX } from 'preact';
import type { CallError } from '../api/call.ts';
import type { Called } from '../api/use-call.ts';
import { logIn } from '../shell/session.ts';
import { TEXTS } from '../texts.ts';

export function Loading(): JSX.Element {
  return (
    <p class="state loading" role="status">
      {TEXTS.loading}
    </p>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty({
  title = TEXTS.empty,
  children,
}: {
  readonly title?: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="state empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function NotFound(): JSX.Element {
  return <Empty title={TEXTS.notFound}>{TEXTS.notFoundHelp}</Empty>;
}

/** Why something could not be shown: no leave, no such thing, no answer, or what the control plane said. */
export function Failed({ error, retry }: { readonly error: CallError; readonly retry?: () => void }): JSX.Element {
  if (error.code === 'unauthenticated') logIn();
  if (error.code === 'not_found') return <NotFound />;
  const titles: Readonly<Record<string, string>> = {
    permission_denied: TEXTS.noPermission,
    unreachable: TEXTS.unreachable,
  };
  return (
    <div class="state failed" role="alert">
      <h2>{titles[error.code] ?? TEXTS.failed}</h2>
      <p>{error.message}</p>
      {retry && (
        <button type="button" onClick={retry}>
          {TEXTS.retry}
        </button>
      )}
    </div>
  );
}

/** What a call gives: its answer, while there is one, beside the state of the call. */
export function Show<Response>({
  of: { data, error, reload },
  children,
}: {
  readonly of: Called<Response>;
  readonly children: (answer: Response) => ComponentChildren;
}): JSX.Element {
  if (data === undefined) return error === undefined ? <Loading /> : <Failed error={error} retry={reload} />;
  return (
    <>
      {error !== undefined && <Failed error={error} retry={reload} />}
      {children(data)}
    </>
  );
}
