import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Cluster, Context, User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { UserError, sentenceOf } from '../errors.ts';
import { CONNECTIONS } from './endpoint.ts';
import type { Access, Endpoint } from './endpoint.ts';

export interface KubeconfigChoice {
  /** Absent: what KUBECONFIG names, or `~/.kube/config`. */
  readonly file?: string | undefined;
  /** Absent: the current one. */
  readonly context?: string | undefined;
}

interface Kubeconfig {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly contexts: readonly Context[];
  readonly current: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The API server that a kubeconfig names, as kubectl would ask it.
 *
 * Of `@kubernetes/client-node` this loads what reads a kubeconfig and gets credentials. Its index would load each generated
 * class too: 90 MB of memory.
 * @throws UserError (rejects with it)
 */
export async function kubeconfigEndpoint(choice: KubeconfigChoice, environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  const files = filesOf(choice, environment);
  const config = merged(await Promise.all(files.map(read)));
  const where = files.join(delimiter);
  const name = choice.context ?? config.current;
  const context = config.contexts.find((each) => each.name === name);
  if (context === undefined) {
    const known = config.contexts.map((each) => each.name).join(', ');
    const what = name === undefined ? 'has no current-context' : `has no context ${name}`;
    throw new UserError(`${where} ${what}: give --kubernetes-context, one of: ${known === '' ? '(none)' : known}`);
  }
  const cluster = config.clusters.find((each) => each.name === context.cluster);
  if (cluster === undefined) throw new UserError(`${where} has no cluster ${context.cluster}, which ${name} names`);
  const url = serverUrl(cluster.server, where);
  const user = config.users.find((each) => each.name === context.user);
  const credentials = credentialsOf(user, where);
  return {
    url,
    context: context.name,
    namespace: context.namespace ?? 'default',
    agent: (cluster.proxyUrl ?? undefined) === undefined ? undefined : proxyAgent(String(cluster.proxyUrl), where),
    forget: () => credentials.forget(),
    async access() {
      const { headers, ...own } = await credentials.access();
      return {
        ...own,
        headers: { ...headers },
        ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
        ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
        ...given('ca', await fileOrData(cluster.caFile, cluster.caData)),
      };
    },
  };
}

function filesOf({ file }: KubeconfigChoice, environment: NodeJS.ProcessEnv): readonly string[] {
  if (file !== undefined) return [file];
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((each) => each !== '');
  return named.length > 0 ? named : [join(environment['HOME'] ?? '', '.kube/config')];
}

async function read(file: string): Promise<Kubeconfig> {
  const { newClusters, newContexts, newUsers } = await import('@kubernetes/client-node/dist/config_types.js');
  let content: Json;
  try {
    content = Object(parse(await readFile(file, 'utf8'))) as Json;
  } catch (error) {
    const why = error instanceof Error && error.name.startsWith('YAML') ? 'is not YAML' : sentenceOf(error);
    throw new UserError(`the kubeconfig ${file} ${why}: give --kubeconfig FILE`, 1, { cause: error });
  }
  const from = dirname(file);
  const own: Placed = (path) => (path === undefined || path === null || isAbsolute(path) ? path : join(from, path));
  try {
    return {
      clusters: newClusters(content['clusters']).map((each) => placedCluster(each, own)),
      users: newUsers(itemsOf(content['users']).map(followedToken)).map((each) => placedUser(each, from, own)),
      contexts: newContexts(content['contexts']),
      current: typeof content['current-context'] === 'string' ? content['current-context'] : undefined,
    };
  } catch (error) {
    throw new UserError(`the kubeconfig ${file} is wrong: ${(error as Error).message}`, 1, { cause: error });
  }
}

/** A `token-file` is read again and again: client-node would read it once, and from another folder. */
function followedToken(item: Json): Json {
  const user = Object(item['user']) as Json;
  const { 'token-file': tokenFile, tokenFile: newer, ...rest } = user;
  const file = newer ?? tokenFile;
  if (file === undefined) return item;
  return { ...item, user: { ...rest, 'auth-provider': { name: 'tokenFile', config: { tokenFile: file } } } };
}

/** A path beside the kubeconfig, as it is from here. */
type Placed = (path: string | undefined) => string | undefined;

function placedCluster(cluster: Cluster, own: Placed): Cluster {
  return { ...cluster, ...given('caFile', own(cluster.caFile)) };
}

function placedUser(user: User, from: string, own: Placed): User {
  const exec = user.exec as { readonly command?: string } | undefined | null;
  const provider = user.authProvider as { readonly name: string; readonly config?: Json } | undefined | null;
  const tokenFile = provider?.config?.['tokenFile'];
  return {
    ...user,
    ...given('certFile', own(user.certFile)),
    ...given('keyFile', own(user.keyFile)),
    // As kubectl reads it: a command with a slash is beside the file, and others are on PATH.
    ...(exec?.command?.includes('/') === true &&
      !isAbsolute(exec.command) && { exec: { ...exec, command: join(from, exec.command) } }),
    ...(typeof tokenFile === 'string' && {
      authProvider: { ...provider, config: { ...provider?.config, tokenFile: own(tokenFile) } },
    }),
  };
}

/** Of what several files name, the first counts. */
function merged(configs: readonly Kubeconfig[]): Kubeconfig {
  return {
    clusters: configs.flatMap((each) => each.clusters),
    users: configs.flatMap((each) => each.users),
    contexts: configs.flatMap((each) => each.contexts),
    current: configs.find((each) => each.current !== undefined)?.current,
  };
}

interface Credentials {
  access(): Promise<Access>;
  forget(): void;
}

interface Authenticator {
  applyAuthentication(user: User, options: object): Promise<void>;
}

/** @throws UserError */
function credentialsOf(user: User | undefined, where: string): Credentials {
  if (user === undefined) return { access: async () => ({}), forget() {} };
  let authenticator: Promise<Authenticator | undefined> | undefined;
  const provider = (user.authProvider as { readonly name?: string } | null | undefined)?.name;
  if (provider !== undefined && !['tokenFile', 'oidc', 'exec'].includes(provider)) {
    throw new UserError(`${where}: the auth-provider ${provider} of the user ${user.name} is not known: use exec`);
  }
  return {
    forget: () => (authenticator = undefined),
    async access() {
      const options: { headers: Record<string, string>; cert?: string; key?: string } = { headers: {} };
      await (await (authenticator ??= authenticatorOf(user)))?.applyAuthentication(user, options);
      const token = user.token ?? undefined;
      if (token !== undefined) options.headers['Authorization'] = `Bearer ${token.trim()}`;
      const impersonated = user.impersonateUser ?? undefined;
      if (impersonated !== undefined) options.headers['Impersonate-User'] = impersonated;
      return {
        ...given('cert', await fileOrData(user.certFile, user.certData)),
        ...given('key', await fileOrData(user.keyFile, user.keyData)),
        ...options,
        ...((user.username ?? '') !== '' && { auth: `${user.username}:${user.password ?? ''}` }),
      };
    },
  };
}

async function authenticatorOf(user: User): Promise<Authenticator | undefined> {
  const provider = (user.authProvider as { readonly name?: string } | null | undefined)?.name;
  if ((user.exec ?? undefined) !== undefined || provider === 'exec') {
    const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
    return new ExecAuth();
  }
  if (provider === 'tokenFile') {
    const { FileAuth } = await import('@kubernetes/client-node/dist/file_auth.js');
    return new FileAuth();
  }
  if (provider === 'oidc') {
    const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js');
    return new OpenIDConnectAuth();
  }
  return undefined;
}

async function fileOrData(file: string | undefined, data: string | undefined): Promise<Buffer | undefined> {
  if (file) return readFile(file);
  return data ? Buffer.from(data, 'base64') : undefined;
}

/** A token is sent in plain to this machine alone, as to `kubectl proxy`. @throws UserError */
function serverUrl(server: string, where: string): URL {
  const url = URL.parse(server);
  const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url;
  throw new UserError(`${where}: the server ${server} is no https:// URL`);
}

/** @throws UserError */
function proxyAgent(proxyUrl: string, where: string): Agent {
  if (!/^https?:/.test(proxyUrl)) throw new UserError(`${where}: only http:// and https:// are known as proxy-url`);
  return new Agent({ ...CONNECTIONS, proxyEnv: { HTTPS_PROXY: proxyUrl } });
}

function itemsOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
