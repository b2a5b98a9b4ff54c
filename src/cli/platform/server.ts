import { readFileSync } from 'node:fs';
import { fromJson } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { systemClock } from '../../clock.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import { duration, text, withVariables } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { ApiRefusal, callApi, checkedToken, tokenOf } from '../api-call.ts';
import type { ApiAddress } from '../api-call.ts';
import type { Environment } from '../command.ts';
import { loggedInTo, storedCredential } from '../credentials.ts';
import { unbroken } from '../flag-forms.ts';

/** The token itself, where a file is too much, as in CI. */
export const TOKEN_VARIABLE = 'OSTIARY_TOKEN';

const NOT_FOUND = 404;
const DEFAULT_SERVER = 'http://127.0.0.1:9195';

/** How commands find the control plane. */
export const serverFlags = withVariables({
  server: text(
    DEFAULT_SERVER,
    'URL',
    'the control plane, by its --control-listen: https://host:port, http://host:port or unix:/path',
    unbroken,
  ),
  serverCa: text(
    undefined,
    'FILE',
    'PEM authorities that signed the certificate of --server, beside those of the system',
  ),
  requestTimeout: duration(120_000, 'longest time for one answer, beside --wait', { minimumMs: 100 }),
  tokenFile: text(
    undefined,
    'FILE',
    `file with the token to call with; without it, ${TOKEN_VARIABLE} has the token, or ostiary login has kept one`,
  ),
});

export interface Caller {
  readonly values: FlagValues<typeof serverFlags>;
  readonly environment: Environment;
  /** Calls without a token, whatever there is. */
  readonly isNobody?: boolean;
}

const SILENT = 'is ostiary control running there? (--server, or OSTIARY_SERVER)';
const NO_TOKEN = `this needs a token: give --token-file FILE, set ${TOKEN_VARIABLE}, or log in: ostiary login`;

/** A login helps nobody whose variable or flag comes before it. */
function wrongToken({ tokenFile }: Pick<Caller['values'], 'tokenFile'>, environment: Environment): string {
  const unknown = (token: string): string => `the control plane does not know ${token}, or it has ended`;
  if (tokenFile !== undefined) return unknown(`the token in ${tokenFile} (--token-file)`);
  if (environment[TOKEN_VARIABLE]) {
    return `${unknown(`the token in ${TOKEN_VARIABLE}`)}: set another, or unset it, so that what ostiary login has kept counts`;
  }
  return `${unknown('this token')}: ostiary login gets another`;
}

/** What was kept for another name of a control plane does not count for this one. */
function noToken(environment: Environment): string {
  const others = loggedInTo(environment, systemClock.now());
  return others.length === 0 ? NO_TOKEN : `${NO_TOKEN}. You are logged in to ${others.join(', ')} (--server)`;
}

/**
 * Calls a method of the control plane in JSON.
 * @param method such as `ResourceService/List`
 * @param request in protobuf's JSON
 * @throws UserError
 */
export async function callServer<O extends DescMessage>(
  method: string,
  request: object,
  answer: O,
  caller: Caller,
): Promise<MessageShape<O>> {
  const { requestTimeout, server } = caller.values;
  const timeout = { ms: requestTimeout + waitMsOf(request), flag: '--request-timeout' };
  const json = await callApi(`/ostiary.v1.${method}`, request, { ...serverAddress(caller), timeout }).catch(
    (error: unknown) => {
      throw withNamespace(error, request);
    },
  );
  try {
    // A newer control plane may tell more than this program knows.
    return fromJson(answer, json as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw new UserError(
      `${server} answered with something else than ${answer.typeName}: is ostiary control there?`,
      1,
      {
        cause: error,
      },
    );
  }
}

/** Who names no namespace may mean another than the default. */
function withNamespace(error: unknown, request: object): unknown {
  const isMeant = JSON.stringify(request).includes('"namespace":"default"');
  if (!(error instanceof ApiRefusal) || error.status !== NOT_FOUND || isMeant) return error;
  if (!/^there is no \w+ default\//.test(error.message)) return error;
  return new ApiRefusal(`${error.message}: what is in another namespace is named with -n NAMESPACE`, error.status);
}

/** What the answer waits for, as the request says in protobuf's JSON. */
function waitMsOf(request: { readonly wait?: unknown }): number {
  return typeof request.wait === 'string' ? Number.parseFloat(request.wait) * 1000 : 0;
}

/** @throws UserError for a file that can't be read */
export function serverAddress({
  values: { server, serverCa, tokenFile },
  environment,
  isNobody = false,
}: Caller): ApiAddress {
  // An empty variable is none.
  const variable = environment[TOKEN_VARIABLE] || undefined;
  const given = isNobody
    ? undefined
    : (tokenOf(tokenFile, '--token-file') ?? (variable && checkedToken(variable, TOKEN_VARIABLE)));
  return {
    api: server,
    token: isNobody ? undefined : (given ?? storedCredential(server, environment, systemClock.now())?.token),
    flag: '--server',
    remedies: {
      silent: SILENT,
      noToken: isNobody ? NO_TOKEN : noToken(environment),
      wrongToken: wrongToken({ tokenFile }, environment),
    },
    tls: { authorities: serverCa === undefined ? undefined : readAuthorities(serverCa) },
  };
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--server-ca: ${file}: ${sentenceOf(error)}`);
  }
}
