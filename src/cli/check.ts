import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { ExplainResponseSchema, Outcome } from '../../gen/ostiary/v1/inspection_pb.js';
import type { ExplainResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { systemClock } from '../clock.ts';
import { formatFault } from '../document/fault.ts';
import { UserError } from '../errors.ts';
import { integer, list, oneOf, parseFlags, text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { MemoryCounterStore } from '../memory/memory-store.ts';
import { explanationOf } from '../operator/explanation.ts';
import { createInspector } from '../operator/inspector.ts';
import { callApi, tokenOf } from './api-call.ts';
import type { ApiAddress } from './api-call.ts';
import { checkRequestOf } from './check-request.ts';
import { loadOnce } from './documents.ts';
import { formatExplanation } from './explanation-text.ts';
import { helpText } from './help.ts';

const flags = {
  policies: list(['policies'], 'DIR', 'folder of documents; repeatable'),
  api: text(
    undefined,
    'URL',
    'ask the running service, with its counters: http://host:port of its --api-listen, or unix:/path',
  ),
  apiTokenFile: text(undefined, 'FILE', 'token for --api, where the service was started with one'),
  method: text('GET', 'METHOD', 'method of the request'),
  path: text('/', 'PATH', 'path of the request, with its query'),
  host: text('localhost', 'HOST', 'host of the request'),
  header: list([], '"NAME: VALUE"', 'header of the request; repeatable'),
  sourceAddress: text('127.0.0.1', 'ADDRESS', 'address of the connection to Envoy'),
  contextExtension: list([], 'NAME=VALUE', 'context extension of the route; repeatable'),
  unmatched: oneOf('deny', ['deny', 'allow'], 'what becomes of a request that no API matches'),
  trustedHops: integer(0, 0, 100, 'proxies before Envoy whose x-forwarded-for entries are trusted'),
  json: toggle('the ExplainResponse as JSON'),
};

/** Explains what would become of a request; charges nothing. */
export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(flags, argv, environment);
  if (help) {
    const summary =
      'Explains what would become of a request, policy by policy; charges nothing. Exits 0 on an allow, 1 on a denial.\n' +
      'FILE holds a CheckRequest in JSON (- is standard input) instead of the flags that describe the request.';
    process.stdout.write(helpText('ostiary check [FILE] [FLAGS]', summary, flags));
    return 0;
  }
  const request = await requestOf(values, positionals[0]);
  const explained =
    values.api === undefined
      ? await explain(values, request, environment)
      : await ask({ api: values.api, token: tokenOf(values.apiTokenFile) }, request);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(toJson(ExplainResponseSchema, explained), null, 2)}\n`
      : formatExplanation(explained),
  );
  return explained.verdict?.outcome === Outcome.ALLOW ? 0 : 1;
}

async function requestOf(values: FlagValues<typeof flags>, file: string | undefined): Promise<CheckRequest> {
  if (file === undefined) return checkRequestOf(values);
  let json: string;
  try {
    json = file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} can't be read: ${(error as Error).message}`);
  }
  try {
    return fromJson(CheckRequestSchema, JSON.parse(json) as JsonValue);
  } catch (error) {
    throw new UserError(`${file} is not a CheckRequest in JSON: ${(error as Error).message}`);
  }
}

async function explain(
  values: FlagValues<typeof flags>,
  request: CheckRequest,
  environment: NodeJS.ProcessEnv,
): Promise<ExplainResponse> {
  const compiled = await loadOnce(values.policies, environment, fetch);
  const { snapshot } = compiled;
  if (snapshot === undefined) {
    compiled.close();
    process.stderr.write(`${compiled.faults.map(formatFault).join('\n')}\n`);
    throw new UserError('the documents have faults');
  }
  const clock = systemClock;
  const inspector = createInspector({
    snapshot: () => snapshot,
    faults: () => [],
    store: new MemoryCounterStore(clock),
    ports: {
      clock,
      unmatched: values.unmatched,
      trustedHops: values.trustedHops,
      failed: (policy, error) =>
        process.stderr.write(`ostiary: policy ${policy} failed: ${(error as Error).message}\n`),
    },
  });
  const call = { deadline: clock.monotonic() + EXPLAIN_MS, signal: new AbortController().signal };
  const { decision, answer } = await inspector.explain(toBinary(CheckRequestSchema, request), snapshot, call);
  compiled.dispose();
  compiled.close();
  return explanationOf(decision, fromBinary(CheckResponseSchema, answer), { tellsWhichCredential: true });
}

/** A key set may have to be fetched first. */
const EXPLAIN_MS = 15_000;

async function ask(address: ApiAddress, request: CheckRequest): Promise<ExplainResponse> {
  const message = { check: toJson(CheckRequestSchema, request) };
  const answer = await callApi('/ostiary.v1.InspectionService/Explain', message, address);
  return fromJson(ExplainResponseSchema, answer as JsonValue);
}
