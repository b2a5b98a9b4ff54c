import { afterEach, beforeEach } from 'vitest';
import { runMain } from '../../cli/run-main.ts';
import type { Ran } from '../../cli/run-main.ts';
import { openServices, TOKEN } from '../../control/fixture.ts';
import type { ControlServices } from '../../control/fixture.ts';
import { scratchFolder } from '../../real/scratch.ts';
import { CONNECTED_APP, openPlatform } from './fake-platform.ts';
import type { Platform } from './fake-platform.ts';
import { ORGANIZATION } from './organization.ts';
import type { Json } from './organization.ts';

export interface Told {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly document: { readonly metadata: Json; readonly spec: Json };
}

export const FROM = ['--environment', 'Production=prod', '--skip-policy', 'acme-custom-policy'];

/** A platform and an empty control plane for each test. */
export class Importing {
  #platform: Platform | undefined;
  #services: ControlServices | undefined;
  folder = '';

  constructor() {
    beforeEach(async () => {
      this.#platform = await openPlatform();
      this.folder = scratchFolder('anypoint');
      this.#services = await openServices({ dataDir: scratchFolder('control'), databaseUrl: undefined });
    });
    afterEach(async () => {
      await this.#services?.close();
      await this.#platform?.close();
    });
  }

  get platform(): Platform {
    return this.#platform as Platform;
  }

  get services(): ControlServices {
    return this.#services as ControlServices;
  }

  run(argv: readonly string[], environment: Readonly<Record<string, string>> = CONNECTED_APP): Promise<Ran> {
    return runMain(['import', 'anypoint', ...argv], { OSTIARY_TOKEN: TOKEN, ...environment });
  }

  fromUrl(...more: readonly string[]): Promise<Ran> {
    const { url } = this.services;
    return this.run(['--url', this.platform.url, '--organization', ORGANIZATION, '--server', url, ...more]);
  }

  /** What the control plane has, by kind, namespace and name. */
  async state(): Promise<ReadonlyMap<string, Told>> {
    const list = await this.services.ask('ResourceService/List', { pageSize: 1000 });
    const { resources = [] } = list as { resources?: Told[] };
    return new Map(resources.map((each) => [`${each.kind} ${each.namespace}/${each.name}`, each]));
  }
}
