import { UserError } from '../errors.ts';
import { integer, text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { size } from './size-flag.ts';

/** Where events of requests go. */
export const eventFlags = {
  eventsFile: text(undefined, 'PATH|-', 'write an event a line (NDJSON) to this file, or to standard output'),
  eventsFileMaxSize: size('100MiB', '64KiB', 'size at which the file of --events-file is renamed, and begun anew'),
  eventsFileKeep: integer(5, 0, 1000, 'how many full files of --events-file are kept, as PATH.1, PATH.2 …'),
  eventsOtlp: text(
    undefined,
    'URL',
    'send events as OpenTelemetry logs (OTLP/HTTP), such as http://127.0.0.1:4318 of a Collector',
  ),
  eventsOtlpHeadersFile: text(
    undefined,
    'FILE',
    'file with a header a line for --events-otlp, such as a token; read again when it changes',
  ),
  eventsWebhook: text(undefined, 'URL', 'post events to this URL, as arrays of JSON'),
  eventsWebhookHeadersFile: text(
    undefined,
    'FILE',
    'file with a header a line for --events-webhook; read again when it changes',
  ),
  eventsWebhookSecretFile: text(
    undefined,
    'FILE',
    'file with the secret by which requests to --events-webhook are signed (Standard Webhooks)',
  ),
  eventsInsecure: toggle('allow http: URLs of --events-otlp and --events-webhook that leave this machine'),
  eventsSpool: text(
    undefined,
    'DIR',
    'keep events for --events-otlp and --events-webhook here until they are sent: they survive the process',
  ),
  eventsSpoolMaxSize: size('256MiB', '1MiB', 'largest spool of each sink; the oldest events make room'),
};

export interface EventOptions {
  readonly file: { readonly path: string; readonly maxBytes: number; readonly keep: number } | undefined;
  readonly otlp: { readonly url: string; readonly headersFile: string | undefined } | undefined;
  readonly webhook:
    | { readonly url: string; readonly headersFile: string | undefined; readonly secretFile: string | undefined }
    | undefined;
  readonly spool: { readonly folder: string; readonly maxBytes: number } | undefined;
}

/**
 * @returns undefined if events go nowhere
 * @throws UserError (exit 2) that names the flag, without the URL: it may hold a secret
 */
export function eventOptionsOf(flags: FlagValues<typeof eventFlags>): EventOptions | undefined {
  const { eventsFile, eventsOtlp, eventsWebhook, eventsSpool } = flags;
  needs('--events-otlp-headers-file', flags.eventsOtlpHeadersFile, '--events-otlp', eventsOtlp);
  needs('--events-webhook-headers-file', flags.eventsWebhookHeadersFile, '--events-webhook', eventsWebhook);
  needs('--events-webhook-secret-file', flags.eventsWebhookSecretFile, '--events-webhook', eventsWebhook);
  needs('--events-spool', eventsSpool, '--events-otlp or --events-webhook', eventsOtlp ?? eventsWebhook);
  if (eventsFile === undefined && eventsOtlp === undefined && eventsWebhook === undefined) return undefined;
  const secure = (flag: string, url: string): string => checkedUrl(flag, url, flags.eventsInsecure);
  return {
    file:
      eventsFile === undefined
        ? undefined
        : { path: eventsFile, maxBytes: flags.eventsFileMaxSize, keep: flags.eventsFileKeep },
    otlp:
      eventsOtlp === undefined
        ? undefined
        : { url: logsUrl(secure('--events-otlp', eventsOtlp)), headersFile: flags.eventsOtlpHeadersFile },
    webhook:
      eventsWebhook === undefined
        ? undefined
        : {
            url: secure('--events-webhook', eventsWebhook),
            headersFile: flags.eventsWebhookHeadersFile,
            secretFile: flags.eventsWebhookSecretFile,
          },
    spool: eventsSpool === undefined ? undefined : { folder: eventsSpool, maxBytes: flags.eventsSpoolMaxSize },
  };
}

function needs(flag: string, value: string | undefined, other: string, otherValue: string | undefined): void {
  if (value !== undefined && otherValue === undefined) throw new UserError(`${flag} needs ${other}`, 2);
}

/** OTLP's default path, unless the URL has one of its own. */
function logsUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname === '/') parsed.pathname = '/v1/logs';
  return parsed.href;
}

function checkedUrl(flag: string, given: string, isInsecureAllowed: boolean): string {
  const url = URL.parse(given);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UserError(`${flag}: expected a URL such as https://collector.example.com`, 2);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError(`${flag}: a URL with user and password is not supported: use ${flag}-headers-file`, 2);
  }
  const isLoopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback && !isInsecureAllowed) {
    const remedy = 'use https:, or allow it by --events-insecure, for example where a mesh encrypts';
    throw new UserError(`${flag}: over http: anyone on the way can read who calls what: ${remedy}`, 2);
  }
  return url.href;
}
