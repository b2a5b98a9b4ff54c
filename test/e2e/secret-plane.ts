import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMain } from '../cli/run-main.ts';
import { startSmtpReceiver } from '../notify/smtp-receiver.ts';
import type { SmtpReceiver } from '../notify/smtp-receiver.ts';
import { CLIENT, startSmallProvider } from '../people/small-provider.ts';
import type { SmallProvider } from '../people/small-provider.ts';
import type { ControlPlaneOptions, RealControlPlane } from '../real/control-plane.ts';
import { Markers, openSyslogReceiver, openWebhookReceiver } from './markers.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A control plane with everything that holds a secret, and all that it has told, by what that is. */
export interface SecretPlane {
  readonly control: RealControlPlane;
  readonly folder: string;
  readonly markers: Markers;
  readonly told: ReadonlyMap<string, string>;
  readonly hooks: Awaited<ReturnType<typeof openWebhookReceiver>>;
  readonly syslog: Awaited<ReturnType<typeof openSyslogReceiver>>;
  readonly smtp: SmtpReceiver;
  readonly provider: SmallProvider;
  readonly mark: (place: string) => string;
  readonly keep: (what: string, text: string) => void;
  /** An answer that tells no secret is kept as told. */
  readonly ask: (method: string, request: object, token?: string, isTold?: boolean) => Promise<Json>;
  readonly run: (...argv: string[]) => Promise<string>;
  readonly apply: (documents: readonly object[]) => Promise<Json>;
  readonly stop: () => Promise<void>;
}

export async function openSecretPlane(
  folder: string,
  start: (options: ControlPlaneOptions) => Promise<RealControlPlane>,
): Promise<SecretPlane> {
  const markers = new Markers();
  const told = new Map<string, string>();
  const keep = (what: string, text: string): void => void told.set(what, (told.get(what) ?? '') + text);
  const mark = (place: string): string => markers.mark(place);
  const secretFile = (flag: string, secret: string): string => {
    const file = join(folder, flag.slice(2));
    writeFileSync(file, secret, { mode: 0o600 });
    return file;
  };
  const secretsKey = randomBytes(32).toString('base64');
  markers.know('--secrets-key-file', secretsKey);
  const clientSecret = mark('--oidc-client-secret-file');
  const [hooks, syslog, smtp, provider] = await Promise.all([
    openWebhookReceiver(),
    openSyslogReceiver(),
    // It refuses the password, and may quote it.
    startSmtpReceiver({ allowInsecureAuth: true }),
    startSmallProvider(Date.now, clientSecret),
  ]);
  const flags: Readonly<Record<string, string>> = {
    '--secrets-key-file': secretFile('--secrets-key-file', `${secretsKey}\n`),
    '--audit-syslog': syslog.url,
    '--audit-heads': `${hooks.url}/heads`,
    '--audit-key-file': join(folder, 'audit-key.pem'),
    '--snapshot-key-file': join(folder, 'snapshot-key.pem'),
    '--smtp-url': `smtp://me@127.0.0.1:${smtp.port}`,
    '--smtp-password-file': secretFile('--smtp-password-file', mark('--smtp-password-file')),
    '--mail-from': 'o@example.com',
    '--oidc-issuer': provider.issuer,
    '--oidc-client-id': CLIENT.id,
    '--oidc-client-secret-file': secretFile('--oidc-client-secret-file', clientSecret),
    '--log-level': 'debug',
  };
  const control = await start({ args: Object.entries(flags).flat() });
  markers.know('the bootstrap token', control.env.OSTIARY_TOKEN);
  const ask: SecretPlane['ask'] = async (method, request, token, isTold = true) => {
    const authorization = `Bearer ${token ?? control.env.OSTIARY_TOKEN}`;
    const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(request),
    });
    const text = await answer.text();
    if (isTold) keep(`answer of ${method}`, text);
    return JSON.parse(text) as Json;
  };
  return {
    control,
    folder,
    markers,
    told,
    hooks,
    syslog,
    smtp,
    provider,
    mark,
    keep,
    ask,
    async run(...argv) {
      const { stdout, stderr } = await runMain(argv, control.env);
      keep(`ostiary ${argv.slice(0, 2).join(' ')}`, stdout + stderr);
      return stdout;
    },
    apply: (documents) => ask('ResourceService/Apply', { documents: documents.map((each) => ({ document: each })) }),
    async stop() {
      await control.stop();
      hooks.close();
      syslog.close();
      await Promise.all([smtp.close(), provider.close()]);
    },
  };
}
