import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { systemClock as clock, systemTimers } from '../../clock.ts';
import { readCluster } from '../../doctor/collect/cluster.ts';
import { readFiles } from '../../doctor/collect/files.ts';
import type { FileText } from '../../doctor/collect/files.ts';
import { readRedis } from '../../doctor/collect/redis.ts';
import { NotLooked, readEnvoy, readService } from '../../doctor/collect/running.ts';
import type { Unlooked } from '../../doctor/finding.ts';
import type { NOTHING, World } from '../../doctor/world.ts';
import { decodeUtf8 } from '../../document/text/source-text.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import { systemFiles } from '../../file-access.ts';
import type { FlagValues } from '../../flags.ts';
import { connectTo } from '../../kubernetes/connection.ts';
import { KubernetesFault } from '../../kubernetes/fault.ts';
import { productVersion } from '../../product.ts';
import { parseRedisAddress } from '../../redis/address.ts';
import { findFiles } from '../../source/files.ts';
import type { Environment } from '../command.ts';
import { count } from '../count.ts';
import type { lookFlags } from './flags.ts';
import { readDocuments } from './read-documents.ts';
import { readSidecars } from './read-sidecars.ts';

type Values = FlagValues<typeof lookFlags>;
/** A part of what is looked at. */
type Collected = Partial<Omit<World, 'now'>>;

const MOST_BYTES = 256 * 1024 * 1024;

/** Collects all that the command line names. @throws UserError where it names nothing that is there */
export async function collect(paths: readonly string[], values: Values, environment: Environment): Promise<World> {
  const isCluster = values.cluster || values.kubeconfig !== undefined || values.context !== undefined;
  const parts = await Promise.all([
    paths.length === 0 ? {} : ofFiles(paths, environment),
    isCluster ? ofCluster(values, environment) : {},
    ...values.admin.map(ofService),
    ...values.envoyAdmin.map(ofEnvoy),
    ...values.redis.map((url) => ofRedis(url, values)),
    values.controlPlane ? readSidecars({ values, environment }) : {},
  ]);
  return { ...merged(parts), isCluster, now: clock.now() };
}

function merged(parts: readonly Collected[]): Omit<World, 'now'> {
  const all = <K extends keyof typeof NOTHING>(key: K): readonly Collected[K][] =>
    parts.flatMap((part) => (part[key] === undefined ? [] : [part[key]]));
  return {
    isCluster: false,
    resources: all('resources').flat() as World['resources'],
    listed: new Set(all('listed').flatMap((each) => Array.from(each ?? []))),
    namespaces: all('namespaces')[0],
    envoys: all('envoys').flat() as World['envoys'],
    documents: all('documents')[0],
    redis: all('redis').flat() as World['redis'],
    services: all('services').flat() as World['services'],
    sidecars: all('sidecars').flat() as World['sidecars'],
    certificates: all('certificates').flat() as World['certificates'],
    unlooked: all('unlooked').flat() as World['unlooked'],
    looked: all('looked').flat() as World['looked'],
  };
}

async function ofFiles(paths: readonly string[], environment: Environment): Promise<Collected> {
  const files: FileText[] = [];
  const unlooked: Unlooked[] = [];
  const folders = paths.filter((path) => path !== '-');
  if (folders.length < paths.length) files.push({ name: '-', text: await textOf(process.stdin) });
  const found = await findFiles(folders);
  for (const { path, message } of found.problems) {
    if (folders.includes(path)) throw new UserError(`${path}: ${message}`, 2);
    unlooked.push({ what: path, why: message });
  }
  for (const { path } of found.files) {
    try {
      const bytes = await systemFiles.read(path, MOST_BYTES);
      const decoded = decodeUtf8(bytes);
      if ('badLine' in decoded) unlooked.push({ what: path, why: `line ${decoded.badLine} is not UTF-8` });
      else files.push({ name: path, text: decoded.text });
    } catch (error) {
      unlooked.push({ what: path, why: sentenceOf(error) });
    }
  }
  const read = readFiles(files);
  const onDisk = read.documentFiles.filter((name) => name !== '-');
  const documents = onDisk.length === 0 ? undefined : await readDocuments(onDisk, read.documents, environment);
  const number = read.resources.length + read.envoys.length + read.documents.length;
  const looked = `${count(number, 'object')} of ${count(files.length, 'file')}`;
  if (number === 0 && read.unlooked.length === 0)
    unlooked.push({
      what: paths.join(', '),
      why: 'there is no object of Kubernetes, no configuration of Envoy and no document',
    });
  return {
    resources: read.resources,
    envoys: read.envoys,
    unlooked: [...unlooked, ...read.unlooked],
    looked: [looked],
    ...(documents !== undefined && { documents }),
  };
}

async function ofCluster(values: Values, environment: Environment): Promise<Collected> {
  const { kubeconfig: file, context, namespace: namespaces } = values;
  const userAgent = `ostiary/${productVersion()}`;
  const cluster = await connectTo(
    { file, context },
    { timers: systemTimers, environment: { ...environment }, userAgent },
  );
  try {
    const { resources, listed, unlooked } = await readCluster(cluster, namespaces);
    const where = namespaces.length === 0 ? '' : ` in ${namespaces.join(', ')}`;
    return {
      resources,
      listed,
      namespaces: namespaces.length === 0 ? undefined : new Set(namespaces),
      unlooked,
      looked: [`${count(resources.length, 'object')} of ${cluster.server}${where}`],
    };
  } catch (error) {
    if (!(error instanceof KubernetesFault)) throw error;
    return { unlooked: [{ what: `the cluster ${cluster.server}`, why: error.message }] };
  } finally {
    cluster.close();
  }
}

const ports = { now: () => clock.now() };

async function ofService(url: string): Promise<Collected> {
  return orNotLooked(`ostiary ${url}`, async () => ({
    services: [await readService(url, ports)],
    looked: [`ostiary ${url}`],
  }));
}

async function ofEnvoy(url: string): Promise<Collected> {
  return orNotLooked(`Envoy ${url}`, async () => {
    const { dump, certificates } = await readEnvoy(url, ports);
    return { envoys: [dump], certificates, looked: [dump.name] };
  });
}

async function ofRedis(url: string, { redisUsername, redisPasswordFile }: Values): Promise<Collected> {
  const address = parseRedisAddress(url);
  const password = redisPasswordFile === undefined ? undefined : (await readFile(redisPasswordFile, 'utf8')).trim();
  const name = `Redis ${address.path ?? `${address.host ?? ''}:${address.port ?? ''}`}`;
  return orNotLooked(name, async () => {
    const login = {
      ...(redisUsername !== undefined && { username: redisUsername }),
      ...(password !== undefined && { password }),
    };
    const { state, withoutConfig } = await readRedis({ ...address, ...login }, ports);
    const unlooked = withoutConfig === undefined ? [] : [{ what: `settings of ${name}`, why: withoutConfig }];
    return { redis: [state], unlooked, looked: [name] };
  });
}

async function orNotLooked(what: string, look: () => Promise<Collected>): Promise<Collected> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof NotLooked)) throw error;
    return { unlooked: [{ what, why: error.message }] };
  }
}
