import { Outrun } from '../registry/conflict.ts';
import type { Write } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { valuesOf } from './secret-vault.ts';
import type { SecretVault } from './secret-vault.ts';

const MOST_TRIES = 20;

/**
 * Encrypts all Secrets with the key that comes first now. Their values stay what they are.
 * @returns how many there are, and how many of them were encrypted with another key
 */
export async function rekey(
  registry: Pick<Registry, 'head' | 'ofKind' | 'write'>,
  vault: SecretVault,
): Promise<{ readonly count: number; readonly changed: number }> {
  for (let tries = 1; ; tries += 1) {
    const { revision } = await registry.head();
    const secrets = await registry.ofKind('Secret');
    const writes = secrets.flatMap(({ kind, namespace, name, owner, set, document }): Write[] => {
      let isOld = false;
      const data = valuesOf(document).map(([key, value]) => {
        const { sealed } = value;
        if (typeof sealed !== 'string' || vault.isCurrent(sealed)) return [key, value] as const;
        const place = { namespace, name, key };
        const plain = vault.open(place, sealed);
        if (plain === undefined) return [key, value] as const;
        isOld = true;
        return [key, vault.seal(place, plain)] as const;
      });
      if (!isOld) return [];
      const renewed = { ...Object(document), spec: { ...Object(document).spec, data: Object.fromEntries(data) } };
      return [{ key: { kind, namespace, name }, document: renewed, owner, set }];
    });
    if (writes.length === 0) return { count: secrets.length, changed: 0 };
    try {
      await registry.write(writes, { actor: 'rekey', reason: 'another key encrypts Secrets' }, revision);
      return { count: secrets.length, changed: writes.length };
    } catch (error) {
      if (!(error instanceof Outrun) || tries === MOST_TRIES) throw error;
    }
  }
}
