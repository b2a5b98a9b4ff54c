import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { methodCommands, methodName } from '../../src/access/method-commands.ts';
import { methodRule, ruledPaths } from '../../src/access/method-rules.ts';
import { controlledAccess } from '../../src/control/controlled-access.ts';
import { ResourceIndex } from '../../src/control/resource-index.ts';
import { runMain } from '../cli/run-main.ts';

const CLI = join(import.meta.dirname, '../../src/cli');

/** All source of commands, in one text. */
const source = readdirSync(CLI, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(CLI, name), 'utf8'))
  .join('\n');

/** Methods that take a role: of others, nobody is refused for one. */
const ofRoles = ruledPaths()
  .filter((path) => methodRule(path)?.by === 'role')
  .map((path) => path.replace('/ostiary.v1.', ''));

/** Whether a command calls the method: by its name, by its description, or with the name of the service ahead of it. */
function isCalled(method: string): boolean {
  const [service = '', name = ''] = method.split('/');
  const localName = name.charAt(0).toLowerCase() + name.slice(1);
  if (source.includes(`${service}/${name}'`) || source.includes(`${service}.method.${localName}`)) return true;
  return source.includes(`${service}/\${method}\``) && source.includes(`'${name}'`);
}

test('every method that takes a role and that a command calls has its command, and no other method has one', () => {
  const called = ofRoles.filter(isCalled);
  expect(called.length).toBeGreaterThan(40);
  expect([...methodCommands().keys()].toSorted()).toEqual(called.toSorted());
});

test('each of the commands is there', async () => {
  for (const [method, command] of methodCommands()) {
    const [name = '', action = ''] = command.split(' ');
    const { code, stdout } = await runMain([name, '--help']);
    expect({ code, stdout }, `${method}: ostiary ${command}`).toMatchObject({ code: 0 });
    if (action !== '')
      expect(stdout, `${method}: ostiary ${command}`).toMatch(new RegExp(`(?<![\\w-])${action}(?![\\w-])`));
  }
});

test('who is refused hears what the method is called on the command line', async () => {
  const caller = { name: 'user:bob', credential: 'session:1', address: '', isBootstrap: false, groups: [] };
  const index = { index: new ResourceIndex(), revision: 0, history: 'h' };
  const access = controlledAccess(async () => caller, { current: async () => index });
  await expect(access('/ostiary.v1.ContractService/Approve', {})).rejects.toThrow(
    'user:bob may not call ContractService/Approve (ostiary contract approve): it takes one of the roles admin and owner in a team',
  );
  await expect(access('/ostiary.v1.CatalogService/ListContracts', {})).rejects.toThrow(
    'user:bob may not call CatalogService/ListContracts: it takes',
  );
  expect(methodName('/ostiary.v1.BackupService/Download')).toBe('BackupService/Download (ostiary control backup)');
});
