import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { ExplainResponseSchema, Outcome } from '../../gen/ostiary/v1/inspection_pb.js';
import type { ExplainResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { systemClock, systemTimers } from '../clock.ts';
import { formatFault } from '../document/fault.ts';
import { systemEgress } from '../egress/system-egress.ts';
import { UserError } from '../errors.ts';
import { flagName, list, text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { MemoryCounterStore } from '../memory/memory-store.ts';
import { explanationOf } from '../operator/explanation.ts';
import { createInspector } from '../operator/inspector.ts';
import { broughtKeysOf } from '../serve/api-key-hmac.ts';
import { hostMatchingOf, locateOptionsOf } from '../serve/locate-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { apiFlags } from './api-flags.ts';
import { checkRequestOf } from './check-request.ts';
import { defineCommand } from './command.ts';
import type { Environment } from './command.ts';
import { loadOnce } from './documents.ts';
import { formatExplanation } from './explanation-text.ts';
import { headerLine, ipAddress, method, pairs, requestPath, unbroken } from './flag-forms.ts';
import { askNodeOrApi, nodeFlags } from './platform/asking-node.ts';
import type { NodeQuestion } from './platform/asking-node.ts';
import { serverFlags } from './platform/server.ts';
import { jsonText } from './analytics/shown.ts';

const requestFlags = {
  method: text('GET', 'METHOD', 'method of the request', method),
  path: text('/', 'PATH', 'path of the request, with its query', requestPath),
  host: text('localhost', 'HOST', 'host of the request', unbroken),
  header: list([], '"NAME: VALUE"', 'header of the request; repeatable', headerLine),
  sourceAddress: text('127.0.0.1', 'ADDRESS', 'address of the connection to Envoy', ipAddress),
  sourcePrincipal: text(
    undefined,
    'NAME',
    "name in the certificate of the connection's peer, such as a SPIFFE id",
    unbroken,
  ),
  contextExtension: pairs('NAME=VALUE', 'context extension of the route; repeatable'),
};

/** How a service decides; a running one has its own settings. */
const decidingFlags = {
  policies: serveFlags.policies,
  apiKeyHmacFile: serveFlags.apiKeyHmacFile,
  hostPort: serveFlags.hostPort,
  hostFinalDot: serveFlags.hostFinalDot,
  unmatched: serveFlags.unmatched,
  trustedHops: serveFlags.trustedHops,
  xffAppended: serveFlags.xffAppended,
  trustedProxies: serveFlags.trustedProxies,
  egressAllow: serveFlags.egressAllow,
};

const flags = {
  ...requestFlags,
  ...decidingFlags,
  ...apiFlags,
  ...nodeFlags,
  json: toggle('the ExplainResponse as JSON'),
};

/** Explains how a request would be decided; charges nothing. */
export const command = defineCommand({
  usage: 'check [FILE] [FLAGS]',
  summary:
    'Explains how a request would be decided, policy by policy. It charges no quota. Exits 0 on an allow, 1 on a denial.\n' +
    'Without --api it reads the documents in --policies; with --api it asks the running service, which has the counters;\n' +
    'with --node it asks a sidecar, by way of the control plane that it follows.\n' +
    'FILE is a CheckRequest in JSON (- is standard input), instead of the flags that describe the request.',
  examples: [
    "check --host orders.example.com --path /orders/1 --header 'client_id: web-shop'",
    'check --api http://127.0.0.1:9192 --path /orders/1  # what the running service says',
    'check --node eu-1 --token-file token --path /orders/1  # what a sidecar says',
  ],
  flags,
  sections: { method: 'The request', policies: 'Who decides', json: 'Output' },
  maxArguments: 1,
  async run({ values, positionals, given }, environment) {
    const [file] = positionals;
    if (file !== undefined) refuse(given, requestFlags, `the request is that of ${file}`);
    // Documents on the command line take precedence over a service in the environment.
    const decidesHere = Object.keys(decidingFlags).some((key) => given.has(key as keyof typeof flags));
    if (given.has('api')) refuse(given, decidingFlags, 'the service at --api decides by its own');
    if (given.has('node')) refuse(given, decidingFlags, 'the sidecar at --node decides by its own');
    const api = decidesHere ? undefined : values.api;
    const isAsked = api !== undefined || given.has('node');
    if (!isAsked) refuse(given, { apiTokenFile: true }, 'no service is asked: give --api too');
    if (!given.has('node')) refuse(given, serverFlags, 'no sidecar is asked: give --node too');
    const request = await requestOf(values, file);
    const explained = isAsked
      ? await askNodeOrApi(questionOf(request), { values, given }, environment)
      : await explain(values, request, environment);
    process.stdout.write(
      values.json ? `${jsonText(toJson(ExplainResponseSchema, explained))}\n` : formatExplanation(explained),
    );
    return explained.verdict?.outcome === Outcome.ALLOW ? 0 : 1;
  },
});

function refuse(given: ReadonlySet<keyof typeof flags>, refused: object, because: string): void {
  const key = [...given].find((name) => Object.hasOwn(refused, name));
  if (key !== undefined) throw new UserError(`--${flagName(key)} has no effect here: ${because}`, 2);
}

async function requestOf(values: FlagValues<typeof flags>, file: string | undefined): Promise<CheckRequest> {
  if (file === undefined) return checkRequestOf(values, systemClock.now());
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

/** A key set may have to be fetched first. */
const EXPLAIN_MS = 15_000;

async function explain(
  values: FlagValues<typeof flags>,
  request: CheckRequest,
  environment: Environment,
): Promise<ExplainResponse> {
  const brought = await broughtKeysOf(values.apiKeyHmacFile);
  const hosts = hostMatchingOf(values);
  const { transport, egress } = systemEgress({
    variables: environment,
    allow: values.egressAllow,
    timers: systemTimers,
  });
  const outwards = { transport, rules: egress.rules };
  const compiled = await loadOnce(values.policies, environment, outwards, hosts, brought);
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
      ...locateOptionsOf(values),
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

function questionOf(request: CheckRequest): NodeQuestion<typeof ExplainResponseSchema> {
  const message = { check: toJson(CheckRequestSchema, request) };
  const explaining = '/ostiary.v1.InspectionService/Explain';
  return { name: 'explain', method: explaining, request: message, answer: ExplainResponseSchema };
}
