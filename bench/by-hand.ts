/**
 * What the pieces that are written by hand save, each beside the library in whose place it stands: `node bench/by-hand.ts`.
 * The thread's own CPU time is measured, so that a busy machine does not show.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { getNodeValue, parseTree } from 'jsonc-parser';
import { CheckRequestSchema, CheckResponseSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { Decision } from '../src/decision/decision.ts';
import { Repetitions } from '../src/decision/repetitions.ts';
import { reasons } from '../src/denial/reasons.ts';
import { readJson } from '../src/document/text/json.ts';
import { readPlainYaml } from '../src/document/text/yaml-plain.ts';
import { readAnyYaml } from '../src/document/text/yaml.ts';
import { readCheck } from '../src/envoy/read-check.ts';
import { createAnswerWriter } from '../src/envoy/write-answer.ts';
import type { Demand, Taking } from '../src/quota/store.ts';
import { realisticCheck } from './realistic-check.ts';
import { nanosecondsPerCall } from './timing.ts';

function compare(what: string, ours: number, library: string, theirs: number): void {
  const columns = [
    what.padEnd(34),
    `${ours.toFixed(0).padStart(9)} ns`,
    `${library} ${theirs.toFixed(0)} ns`.padEnd(32),
    `${(theirs / ours).toFixed(1)} times`,
  ];
  console.log(columns.join('   '));
}

const token = 'eyJhbGciOi'.repeat(80);
const bytes = realisticCheck({ streamId: '301668583215567008', clientId: '0f9d1f3e5d8c4a2b', token });
const NAMES = ['authorization', 'client_id', 'client_secret', 'x-forwarded-for', 'content-type'];

compare(
  'Check reader, what a decision reads',
  nanosecondsPerCall(() => {
    const read = readCheck(bytes);
    let length = read.method.length + read.path.length + read.host.length + read.sourceAddress.length;
    for (const name of NAMES) length += read.header(name)?.length ?? 0;
    return length;
  }),
  'protobuf-es',
  nanosecondsPerCall(() => {
    const request = fromBinary(CheckRequestSchema, bytes).attributes?.request?.http;
    let length = (request?.method.length ?? 0) + (request?.path.length ?? 0) + (request?.host.length ?? 0);
    for (const name of NAMES) length += request?.headers[name]?.length ?? 0;
    return length;
  }, 10_000),
);

const CLIENT = { name: 'web-shop', clientId: '0f9d1f3e5d8c4a2b', secrets: [] };
const TIER = { name: 'gold', limits: [] };
const windows = [100, 10_000].map((maximumRequests) => ({
  limit: { maximumRequests, timePeriodInMilliseconds: 1000 },
  remaining: 0,
  resetMs: 500,
}));
const denial: Decision = {
  api: 'orders',
  denial: { reason: 'quota_spent', detail: '', windows, cost: 1 },
  policy: 'orders-quota',
  identity: {
    client: CLIENT,
    contract: { name: 'web-shop-orders', api: 'orders', client: CLIENT, status: 'approved', tier: TIER },
  },
  upstream: [],
  remove: [],
  exposed: [],
  steps: [],
  snapshotVersion: '1',
};
const check = readCheck(bytes);
const writer = createAnswerWriter();
// The same message, ready to be written: what it takes to make it is left out of the library's time.
const message = fromBinary(CheckResponseSchema, writer(denial, check, reasons));
compare(
  'answer writer, a denial',
  nanosecondsPerCall(() => writer(denial, check, reasons).length),
  'protobuf-es',
  nanosecondsPerCall(() => toBinary(CheckResponseSchema, create(CheckResponseSchema, message)).length, 10_000),
);

const DOCUMENT = `apiVersion: ostiary.dev/v1alpha1
kind: Contract
metadata:
  name: contract-17
spec:
  clientApplication: client-17
  api: api-17
  tier: gold
  status: approved
`;
if (readPlainYaml(DOCUMENT) === undefined) throw new Error('the document is not plain');
compare(
  'plain YAML, a contract',
  nanosecondsPerCall(() => Object.keys(readPlainYaml(DOCUMENT) ?? {}).length, 20_000),
  'yaml',
  nanosecondsPerCall(() => Object.keys(readAnyYaml(DOCUMENT)).length, 1000),
);

const CONTRACT = {
  apiVersion: 'ostiary.dev/v1alpha1',
  kind: 'Contract',
  metadata: { name: 'contract-17' },
  spec: { clientApplication: 'client-17', api: 'api-17', tier: 'gold', status: 'approved' },
};
const DOCUMENTS = 1000;
const json = JSON.stringify(Array.from({ length: DOCUMENTS }, () => CONTRACT));
compare(
  'JSON with places, a contract',
  nanosecondsPerCall(() => [...readJson(json)].length, 20) / DOCUMENTS,
  'jsonc-parser',
  nanosecondsPerCall(() => {
    const tree = parseTree(json);
    return (tree?.children ?? []).map((child) => [child.offset, getNodeValue(child) as unknown]).length;
  }, 5) / DOCUMENTS,
);

interface Entry {
  readonly at: number;
  readonly name: string;
  readonly answer: Taking;
}

/** What {@link Repetitions} would be as Maps: the older of two is forgotten when the younger is full. */
class MapRepetitions {
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  take(origin: string, demands: readonly Demand[], take: (demands: readonly Demand[]) => Taking): Taking {
    const now = performance.now();
    const name = demands.map(({ key }) => key).join('\n');
    const known = this.#young.get(origin) ?? this.#old.get(origin);
    if (known !== undefined && known.name === name && now - known.at < 5000) return known.answer;
    const answer = take(demands);
    this.#young.set(origin, { at: now, name, answer });
    if (this.#young.size >= 16_384) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return answer;
  }
}

const DEMANDS: readonly Demand[] = [{ slot: 'orders', key: 'orders:quota:all', limits: [], cost: 1 }];
const GRANTED: Taking = { granted: true, windows: [[]] };
// Envoys give each request another stream id and time. So many are made beforehand, and come round after they are forgotten.
const checks = Array.from({ length: 40_000 }, (_, i) =>
  readCheck(realisticCheck({ streamId: String(301_668_583_215_560_000n + BigInt(i)), clientId: 'c', token: 't' })),
);
const ring = new Repetitions();
const map = new MapRepetitions();
let at = 0;
const next = () => checks[at++ % checks.length] as (typeof checks)[number];
compare(
  'repetitions, a Check that is none',
  nanosecondsPerCall(
    () => (ring.take(next(), DEMANDS, Infinity, performance.now(), () => GRANTED) === GRANTED ? 1 : 2),
    100_000,
  ),
  'two Maps',
  nanosecondsPerCall(() => {
    const one = next();
    const origin = `${one.streamId} ${one.requestTime} ${one.sourceAddress} ${one.sourcePort}`;
    return map.take(origin, DEMANDS, () => GRANTED).windows.length;
  }, 100_000),
);
