import type { Clock } from '../clock.ts';
import type { LoadedTls, TlsFiles } from '../listen/tls.ts';
import { watchTls } from '../listen/tls-watch.ts';
import type { Log } from '../observe/log.ts';
import type { ControlListener } from './listener.ts';

/** Takes over the listener's certificate when its files change. @param loaded undefined: it has none */
export function followTls(
  files: TlsFiles | undefined,
  loaded: LoadedTls | undefined,
  listener: Pick<ControlListener, 'updateTls'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): { close(): void } | undefined {
  if (loaded === undefined || files === undefined) return undefined;
  return watchTls({
    files,
    loaded,
    now: () => clock.now(),
    onChange: ({ material }) => listener.updateTls(material),
    onFault: (detail) => log.error('certificate not taken over', { detail }),
  });
}
