import { randomBytes } from 'node:crypto';
import { fromJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { stringify } from 'yaml';
import { Outcome } from '../../../gen/ostiary/v1/inspection_pb.js';
import { TellProbeResponseSchema } from '../../../gen/ostiary/v1/probe_pb.js';
import type { Sighting } from '../../../gen/ostiary/v1/probe_pb.js';
import { systemClock } from '../../clock.ts';
import { fetchOnce } from '../../doctor/collect/http.ts';
import { silenceOf } from '../../doctor/collect/silence.ts';
import type { Diagnosis } from '../../doctor/finding.ts';
import { judge } from '../../doctor/probe.ts';
import type { Probed, ProbeSighting, ProbeTelling } from '../../doctor/probe.ts';
import { probeJob } from '../../doctor/probe-job.ts';
import { UserError } from '../../errors.ts';
import type { FlagValues } from '../../flags.ts';
import { PROBE_HEADER } from '../../operator/probe-watch.ts';
import { ApiRefusal, callApi, tokenOf } from '../api-call.ts';
import type { probeFlags } from './probe-flags.ts';

type Values = FlagValues<typeof probeFlags>;

const SERVICE = '/ostiary.v1.ProbeService/';
/** Enough for a sidecar that is asked on the same machine or by a tunnel. */
const ASKING = { ms: 5000, flag: '--sidecar' };

/** Sends a request without credentials to each URL, and asks each ostiary whether it refused it. */
export async function probe(values: Values): Promise<Diagnosis> {
  const { url: urls, sidecar: sidecars } = values;
  if (urls.length === 0)
    throw new UserError('which URL? give --url http://host/path, a path that needs credentials', 2);
  if (sidecars.length === 0)
    throw new UserError(
      'who confirms it? give --sidecar http://host:port, the --api-listen of the ostiary that is asked',
      2,
    );
  const token = tokenOf(values.apiTokenFile);
  const verdicts = [];
  for (const url of urls) verdicts.push(judge(await probeOne(url, values, token)));
  return {
    findings: verdicts.flatMap(({ finding }) => finding ?? []),
    unlooked: verdicts.flatMap(({ unlooked }) => unlooked ?? []),
    confirmed: verdicts.flatMap(({ confirmed }) => confirmed ?? []),
    looked: [],
  };
}

async function probeOne(url: string, values: Values, token: string | undefined): Promise<Probed> {
  // Of each request its own: it must be the one that was decided.
  const nonce = randomBytes(16).toString('base64url');
  const expected = await Promise.all(values.sidecar.map((sidecar) => expecting(sidecar, nonce, token)));
  const answer = await send(url, nonce, values);
  const tellings = await Promise.all(
    expected.map(async (each) => ('silent' in each ? each : telling(each.sidecar, nonce, token))),
  );
  return { url, answer, tellings };
}

async function send(url: string, nonce: string, values: Values): Promise<Probed['answer']> {
  const { connectTo, method, timeout } = values;
  try {
    const options = { method, timeoutMs: timeout, connectTo: placeOf(connectTo), now: () => systemClock.now() };
    const { status } = await fetchOnce(url, { ...options, headers: { [PROBE_HEADER]: nonce } });
    return { status };
  } catch (error) {
    if (error instanceof UserError) throw error;
    return { why: silenceOf(error) };
  }
}

function placeOf(text: string | undefined): { readonly host: string; readonly port: number } | undefined {
  if (text === undefined) return undefined;
  const [, host = '', port = ''] = /^(?:\[?)([^\]]+?)(?:\]?):(\d{1,5})$/.exec(text) ?? [];
  if (host === '') throw new UserError(`--connect-to is ${JSON.stringify(text)}: expected host:port`, 2);
  return { host, port: Number(port) };
}

/** Before the request is sent: what is not expected is not remembered. */
async function expecting(
  sidecar: string,
  nonce: string,
  token: string | undefined,
): Promise<ProbeTelling | { readonly sidecar: string }> {
  return orSilent(sidecar, async () => {
    await callApi(`${SERVICE}ExpectProbe`, { nonce }, { api: sidecar, token, flag: '--sidecar', timeout: ASKING });
    return { sidecar };
  });
}

async function telling(sidecar: string, nonce: string, token: string | undefined): Promise<ProbeTelling> {
  return orSilent(sidecar, async () => {
    const address = { api: sidecar, token, flag: '--sidecar', timeout: ASKING };
    const told = await callApi(`${SERVICE}TellProbe`, { nonce }, address);
    const { sightings } = fromJson(TellProbeResponseSchema, told as JsonValue, { ignoreUnknownFields: true });
    return { sidecar, sightings: sightings.map(sightingOf) };
  });
}

const OUTCOMES: ReadonlyMap<Outcome, ProbeSighting['outcome']> = new Map([
  [Outcome.ALLOW, 'allow'],
  [Outcome.DENY, 'deny'],
  [Outcome.ANSWER, 'answer'],
]);

function sightingOf({ outcome, httpStatus, reason, api, policy, destination }: Sighting): ProbeSighting {
  // What is not known for a refusal is taken for none.
  return { outcome: OUTCOMES.get(outcome) ?? 'allow', httpStatus, reason, api, policy, destination };
}

/** Who does not answer may be dead, which is what a probe is about; who refuses to tell was asked wrongly. */
async function orSilent<T>(sidecar: string, ask: () => Promise<T>): Promise<T | { sidecar: string; silent: string }> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode === 2) throw error;
    if (error instanceof ApiRefusal && (error.status === 401 || error.status === 403))
      throw new UserError(error.message, 2);
    return { sidecar, silent: error.message };
  }
}

/** The same from inside of a cluster. */
export function printJob(values: Values): number {
  const { url: urls, sidecar: sidecars, method, image } = values;
  if (urls.length === 0 || sidecars.length === 0) throw new UserError('--manifest needs --url and --sidecar', 2);
  process.stdout.write(stringify(probeJob({ urls, sidecars, method, image }), { lineWidth: 0 }));
  return 0;
}
