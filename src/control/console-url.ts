import { isLocal } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import type { FirstLink } from '../people/first-token.ts';

export interface ConsolePlace {
  /** Of the control plane. */
  readonly url: string;
  readonly address: ListenAddress;
  readonly publicUrl: string | undefined;
  readonly link: Pick<FirstLink, 'make'>;
  /** Whether somebody looks at a terminal: nothing that lets anybody in belongs into a log. */
  readonly isTerminal?: boolean;
}

/**
 * Where a browser finds the console; undefined: it can't reach the listener. On a terminal, of a control plane that only this
 * machine reaches, it is a link that logs in, once.
 */
export function consoleUrlOf({
  address,
  isTerminal = process.stderr.isTTY,
  link,
  publicUrl,
  url,
}: ConsolePlace): string | undefined {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  if (address.kind === 'unix') return undefined;
  return isTerminal && isLocal(address) ? `${url}${link.make()}` : url;
}
