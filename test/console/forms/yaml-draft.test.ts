import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSame, valueAt, withValue } from '../../../console/src/forms/inputs.ts';
import { merged } from '../../../console/src/forms/merge.ts';
import { differingPaths, linesIn, parsed, withMoved, withYaml, yamlOf } from '../../../console/src/forms/yaml-draft.ts';

const TEXT = `# Orders of the shop
apiVersion: ostiary.dev/v1alpha1
kind: Api
metadata: { name: orders }
spec:
  basePath: /orders # for all
  policies:
    # Who calls
    - policyRef: { name: client-id-enforcement }
      config: {}
    # How much
    - policyRef: { name: rate-limiting }
      config:
        rateLimits:
          - maximumRequests: 100 # as agreed
            timePeriodInMilliseconds: 1000
`;

const valueOf = (text: string): unknown => {
  const read = parsed(text);
  if ('fault' in read) throw new Error(read.fault.message);
  return read.value;
};

describe('YAML beside a form', () => {
  it('keeps comments where one field changes', () => {
    const path = ['spec', 'policies', 1, 'config', 'rateLimits', 0, 'maximumRequests'];
    const changed = withYaml(TEXT, path, 200);
    expect(changed).toBe(TEXT.replace('100 # as', '200 # as'));
    const added = withYaml(changed, ['spec', 'policies', 1, 'config', 'exposeHeaders'], true);
    expect(added).toContain('        exposeHeaders: true\n');
    for (const comment of ['# Orders of', '# for all', '# Who calls', '# How much', '# as agreed'])
      expect(added).toContain(comment);
    expect(withYaml(added, ['spec', 'policies', 1, 'config', 'exposeHeaders'], undefined)).toBe(changed);
  });

  it('keeps comments with what is moved', () => {
    const moved = withMoved(TEXT, ['spec', 'policies'], 1, 0);
    expect(valueAt(valueOf(moved), ['spec', 'policies', 0, 'policyRef', 'name'])).toBe('rate-limiting');
    for (const comment of ['# Who calls', '# How much', '# as agreed']) expect(moved).toContain(comment);
  });

  it('writes into what is empty, and below what is not there', () => {
    const config = withYaml(TEXT, ['spec', 'policies', 0, 'config', 'realm'], 'orders');
    expect(config).toContain('      config:\n        realm: orders\n');
    const tiers = withYaml(TEXT, ['spec', 'tiers', 0, 'name'], 'gold');
    expect(valueAt(valueOf(tiers), ['spec', 'tiers'])).toEqual([{ name: 'gold' }]);
  });

  it('says the same as the value, whatever is set', () => {
    const keys = fc.constantFrom('a', 'b', 'c d', 'true', '1', '__proto__x');
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom('yes', '1.0', '0x10', '~', '# x', 'a: b', '- x', '"', '', 'x\ny', '💥', null),
    );
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const root = fc.dictionary(keys, tree, { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(root, fc.array(keys, { minLength: 1, maxLength: 3 }), tree, (before, path, next) => {
        const text = yamlOf(before);
        expect(isSame(valueOf(text), before)).toBe(true);
        const after = valueOf(withYaml(text, path, next));
        expect(isSame(after, withValue(before, path, next))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('takes anchors for what they stand for once something is changed', () => {
    const text = 'a: &x { b: 1 }\nc: *x\n';
    expect(valueOf(withYaml(text, ['c', 'b'], 2))).toEqual({ a: { b: 1 }, c: { b: 2 } });
  });

  it('says where a fault of the text is, and is not slowed by a bomb of aliases', () => {
    expect(parsed('a: 1\nb: [1,\n')).toMatchObject({ fault: { line: expect.any(Number) as number } });
    expect(parsed('a: 1\na: 2\n')).toMatchObject({ fault: { line: 2 } });
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at] as string},`.repeat(9)}]`),
    ];
    expect(parsed(bomb.join('\n'))).toHaveProperty('fault');
  });

  it('finds the lines of a field, and of what is missing those of what it would stand in', () => {
    expect(linesIn(TEXT)(['spec', 'basePath'])).toEqual({ first: 6, last: 6 });
    expect(linesIn(TEXT)(['spec', 'policies', 1, 'config', 'rateLimits', 0, 'maximumRequests'])).toMatchObject({
      first: 15,
    });
    expect(linesIn(TEXT)(['spec', 'policies', 1])).toEqual({ first: 12, last: 16 });
    expect(linesIn(TEXT)(['spec', 'policies', 0, 'config', 'realm'])).toEqual({ first: 10, last: 10 });
    expect(linesIn(TEXT)(['spec', 'policies', 7])).toMatchObject({ first: 7 });
    expect(linesIn('')(['spec'])).toEqual({ first: 1, last: 1 });
  });
});

describe('two editors of one document', () => {
  const base = { spec: { basePath: '/a', hosts: ['x'], tiers: [{ name: 'gold' }], note: 'n' } };
  const set = (path: readonly string[], value: unknown) => withValue(base, path, value);

  it('are put together where they have changed different things', () => {
    const mine = set(['spec', 'basePath'], '/b');
    const theirs = set(['spec', 'tiers'], []);
    expect(merged(base, mine, theirs)).toEqual({
      value: { spec: { ...base.spec, basePath: '/b', tiers: [] } },
      taken: [['spec', 'basePath']],
      collisions: [],
    });
  });

  it('are both shown where they have changed the same, and nothing of either is lost', () => {
    const mine = withValue(set(['spec', 'basePath'], '/b'), ['spec', 'note'], 'mine');
    const theirs = set(['spec', 'basePath'], '/c');
    expect(merged(base, mine, theirs)).toEqual({
      value: { spec: { ...base.spec, basePath: '/c', note: 'mine' } },
      taken: [['spec', 'note']],
      collisions: [{ path: ['spec', 'basePath'], mine: '/b', theirs: '/c' }],
    });
    expect(merged(base, mine, mine).collisions).toEqual([]);
  });

  it('lose nothing, whatever they change', () => {
    const paths = [
      ['spec', 'basePath'],
      ['spec', 'hosts'],
      ['spec', 'note'],
      ['spec', 'more', 'x'],
      ['spec', 'more'],
    ];
    const edits = fc.array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom<unknown>('1', '2', ['3'], { x: 4 })), {
      maxLength: 3,
    });
    const edited = (list: readonly (readonly [readonly string[], unknown])[]): unknown =>
      list.reduce<unknown>((value, [path, next]) => withValue(value, path, next), base);
    fc.assert(
      fc.property(edits, edits, (ours, others) => {
        const [mine, theirs] = [edited(ours), edited(others)];
        const { collisions, value } = merged(base, mine, theirs);
        // Taking mine wherever both differ gives all of mine; nothing of theirs is changed but by mine.
        const all = collisions.reduce<unknown>((made, { path, mine: own }) => withValue(made, path, own), value);
        for (const path of differingPaths(base, mine)) expect(valueAt(all, path)).toEqual(valueAt(mine, path));
        if (ours.length === 0) expect(value).toEqual(theirs);
      }),
    );
  });
});
