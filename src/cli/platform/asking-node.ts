import { fromJson, toJson } from '@bufbuild/protobuf';
import type { DescMessage, JsonObject, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { AskSidecarResponseSchema } from '../../../gen/ostiary/v1/sidecars_pb.js';
import { UserError } from '../../errors.ts';
import { text } from '../../flags.ts';
import { callApi, tokenOf } from '../api-call.ts';
import type { Environment } from '../command.ts';
import { unbroken } from '../flag-forms.ts';
import { serverAsked } from './either.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

/** Of commands that ask one running service: at its API, or by way of the control plane that it follows. */
export const nodeFlags = {
  node: text(
    undefined,
    'NAME',
    'ask the sidecar of this name, by way of the control plane at --server; it needs the token of an administrator',
    unbroken,
  ),
  ...serverFlags,
};

export interface AskedLine {
  readonly values: Caller['values'] & {
    readonly node: string | undefined;
    readonly api: string | undefined;
    readonly apiTokenFile: string | undefined;
  };
  readonly given: ReadonlySet<string>;
}

/** A question to a sidecar. */
export interface NodeQuestion<O extends DescMessage> {
  /** Its field in AskSidecarRequest and AskSidecarResponse, in JSON. */
  readonly name: string;
  /** The method of the operator's API. */
  readonly method: string;
  readonly request: object;
  readonly answer: O;
  /** How long a sidecar may take. */
  readonly seconds?: number;
}

const DEFAULT_API = 'http://127.0.0.1:9192';
const OF_API = ['api', 'apiTokenFile'];
const OF_SERVER = Object.keys(serverFlags);

/**
 * Asks the sidecar at `--node`, or the service at `--api`.
 * @throws UserError
 */
export async function askNodeOrApi<O extends DescMessage>(
  { name, method, request, answer, seconds }: NodeQuestion<O>,
  { values, given }: AskedLine,
  environment: Environment,
): Promise<MessageShape<O>> {
  const { node, api, apiTokenFile, server } = values;
  if (node === undefined) {
    const without = OF_SERVER.find((flag) => given.has(flag));
    if (without !== undefined)
      throw new UserError('which sidecar? --server needs --node NAME: ostiary sidecars lists them', 2);
    const json = await callApi(method, request, { api: api ?? DEFAULT_API, token: tokenOf(apiTokenFile) });
    return fromJson(answer, json as JsonValue);
  }
  // Flags of both are refused.
  serverAsked({ values, given: new Set([...given, 'server']) }, environment, OF_API);
  const asked = { node, [name]: request, ...(seconds !== undefined && { timeout: `${seconds}s` }) };
  const response = await callServer('SidecarService/AskSidecar', asked, AskSidecarResponseSchema, {
    values,
    environment,
  });
  const json = (toJson(AskSidecarResponseSchema, response) as JsonObject)[name];
  if (json === undefined) throw new UserError(`${server} answered something else than was asked`);
  return fromJson(answer, json);
}
