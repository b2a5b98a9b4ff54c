import { createHash } from 'node:crypto';
import type { Timers } from '../clock.ts';
import { sentenceOf, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { ConnectionTls } from '../sync/grpc-connection.ts';
import type { ServeFlags } from './serve-flags.ts';

type Flags = Pick<ServeFlags, 'controlCa' | 'controlClientCert' | 'controlClientKey' | 'controlTokenFile'>;

const MAX_FILE_BYTES = 1024 * 1024;
/** The kubelet renews a token when a fifth of its time is left: at least two minutes. */
const LOOK_MS = 20_000;

/** @throws UserError for flags that do not fit together */
export function checkControlCredentials({ controlClientCert, controlClientKey }: Flags): void {
  if ((controlClientCert === undefined) === (controlClientKey === undefined)) return;
  throw new UserError('--control-client-cert and --control-client-key belong together: give both', 2);
}

/** What a connection to the control plane needs: read for each, so that renewals count. */
export async function controlTlsOf({ controlCa, controlClientCert, controlClientKey }: Flags): Promise<ConnectionTls> {
  const authorities = controlCa === undefined ? undefined : await readNamed('--control-ca', controlCa);
  if (controlClientCert === undefined || controlClientKey === undefined) return { authorities };
  const certificate = await readNamed('--control-client-cert', controlClientCert);
  return { authorities, own: { certificate, key: await readNamed('--control-client-key', controlClientKey) } };
}

/** @returns undefined: this sidecar joins by its certificate */
export async function joinTokenOf({ controlClientCert, controlTokenFile }: Flags): Promise<string | undefined> {
  if (controlTokenFile !== undefined)
    return (await readNamed('--control-token-file', controlTokenFile)).toString('utf8').trim();
  if (controlClientCert !== undefined) return undefined;
  throw new UserError(
    '--control-token-file is missing: this sidecar has not joined the control plane yet, and shows no certificate (--control-client-cert)',
  );
}

/** Sees when a token or a certificate was renewed. @returns what ends it */
export function watchControlCredentials(flags: Flags, timers: Timers, renewed: () => void): () => void {
  const files = [flags.controlTokenFile, flags.controlClientCert].filter((file) => file !== undefined);
  let known: string | undefined;
  let cancel = (): void => {};
  let isEnded = false;
  const look = async (): Promise<void> => {
    const digest = createHash('sha256');
    try {
      for (const file of files) digest.update(await systemFiles.read(file, MAX_FILE_BYTES));
      const now = digest.digest('hex');
      if (known !== undefined && now !== known && !isEnded) renewed();
      known = now;
    } catch {
      // Between two versions of a file there may be none.
    }
    if (!isEnded) cancel = timers.after(LOOK_MS, () => void look());
  };
  if (files.length > 0) void look();
  return () => {
    isEnded = true;
    cancel();
  };
}

/** @throws UserError (rejects with it) */
export async function readNamed(flag: string, path: string): Promise<Buffer> {
  return systemFiles.read(path, MAX_FILE_BYTES).catch((error: unknown) => {
    throw new UserError(`${flag} ${path}: ${sentenceOf(error)}`, 1, { cause: error });
  });
}
