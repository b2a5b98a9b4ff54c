import type { ComponentChildren, JSX } from 'preact';
import type { CallError } from '../api/call.ts';
import type { Called } from '../api/use-call.ts';
import { TEXTS } from '../texts.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

const LINES = 6;

export interface LoadingProps {
  /** How many lines are drawn in its place: about as many as will come. */
  readonly lines?: number;
  /** A title comes too. */
  readonly isPage?: boolean;
}

/** Where something will be: drawn in outline, after a moment. */
export function Loading({ lines = LINES, isPage = false }: LoadingProps): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="unseen">{TEXTS.loading}</span>
      <div class={isPage ? 'skeleton of-page' : 'skeleton'} aria-hidden="true">
        {Array.from({ length: lines }, (_, at) => (
          <i key={at} />
        ))}
      </div>
    </div>
  );
}

export interface EmptyProps {
  readonly title?: string;
  readonly icon?: IconName;
  readonly children?: ComponentChildren;
}

/** Nothing is there, and what to do about it. */
export function Empty({ title = TEXTS.empty, icon = 'empty', children }: EmptyProps): JSX.Element {
  return (
    <div class="state empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {typeof children === 'string' ? <p>{children}</p> : children}
    </div>
  );
}

export function NotFound(): JSX.Element {
  return (
    <Empty title={TEXTS.notFound} icon="search">
      <p>{TEXTS.notFoundHelp}</p>
      <a class="button" href="/">
        {TEXTS.toStart}
      </a>
    </Empty>
  );
}

const WAYS: Readonly<Record<string, readonly [title: string, icon: IconName]>> = {
  permission_denied: [TEXTS.noPermission, 'lock'],
  unreachable: [TEXTS.unreachable, 'away'],
};

export interface FailedProps {
  readonly error: CallError;
  readonly retry?: () => void;
  /** Something is shown all the same. */
  readonly isBeside?: boolean;
}

/** Why something could not be shown: no leave, no such thing, no answer, or what the control plane said. */
export function Failed({ error, retry, isBeside = false }: FailedProps): JSX.Element {
  if (error.code === 'not_found' && !isBeside) return <NotFound />;
  const [title, icon] = WAYS[error.code] ?? [TEXTS.failed, 'alert'];
  return (
    <div class={isBeside ? 'state failed beside' : 'state failed'} role="alert">
      {isBeside ? <strong>{title}</strong> : <Icon name={icon} />}
      {!isBeside && <h2>{title}</h2>}
      <p>
        <bdi>{error.message}</bdi>
      </p>
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
  lines,
  children,
}: {
  readonly of: Called<Response>;
  /** About as many as will come. */
  readonly lines?: number;
  readonly children: (answer: Response) => ComponentChildren;
}): JSX.Element {
  if (data === undefined) {
    if (error !== undefined) return <Failed error={error} retry={reload} />;
    return <Loading {...(lines !== undefined && { lines })} />;
  }
  return (
    <>
      {error !== undefined && <Failed error={error} retry={reload} isBeside />}
      {children(data)}
    </>
  );
}
