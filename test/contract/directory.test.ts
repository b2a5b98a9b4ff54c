import { describe, expect, it } from 'vitest';
import type { ClientApplication, Contract } from '../../src/contract/contract.ts';
import { createDirectory } from '../../src/contract/directory.ts';

const client = (clientId: string): ClientApplication => ({ name: `app-${clientId}`, clientId, secrets: [] });
const contract = (of: ClientApplication, api: string): Contract => ({
  name: `${of.name}-${api}`,
  api,
  client: of,
  status: 'approved',
  tier: undefined,
});

describe('the contract directory', () => {
  const [a, b] = [client('a'), client('b')];
  const directory = createDirectory([a, b], [contract(a, 'orders'), contract(b, 'stock')]);

  it('finds a client and its contract with an API', () => {
    expect(directory.client('a')).toBe(a);
    expect(directory.contract('a', 'orders')?.name).toBe('app-a-orders');
  });

  it('finds nothing for another API or an unknown client', () => {
    expect(directory.contract('a', 'stock')).toBeUndefined();
    expect(directory.contract('c', 'orders')).toBeUndefined();
    expect(directory.client('c')).toBeUndefined();
  });

  it('takes names that objects have by nature for what they are: unknown', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
      expect(directory.client(name)).toBeUndefined();
      expect(directory.contract('a', name)).toBeUndefined();
      expect(directory.contract(name, 'orders')).toBeUndefined();
    }
  });
});
