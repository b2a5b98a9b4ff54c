import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { TEXTS } from '../texts.ts';

export interface PageProps {
  readonly title: string;
  /** Where this page lies: each with its address. */
  readonly above?: readonly { readonly text: string; readonly href: string }[];
  /** A sentence below the title. */
  readonly lead?: ComponentChildren;
  /** Buttons beside the title. */
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The frame of each view: one title, which the window has too. */
export function Page({ title, above = [], lead, actions, children }: PageProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} – ostiary`;
  }, [title]);
  return (
    <article class="page">
      {above.length > 0 && (
        <nav class="above" aria-label={TEXTS.above}>
          {above.map(({ text, href }) => (
            <a key={href} href={href}>
              <bdi>{text}</bdi>
            </a>
          ))}
        </nav>
      )}
      <header class="page-head">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </article>
  );
}

export interface Tab {
  readonly id: string;
  readonly text: string;
  readonly href: string;
}

/** Parts of a page, each with an address of its own. */
export function Tabs({ tabs, current }: { readonly tabs: readonly Tab[]; readonly current: string }): JSX.Element {
  return (
    <nav class="tabs" aria-label={TEXTS.parts}>
      {tabs.map(({ id, text, href }) => (
        <a key={id} href={href} aria-current={id === current ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
