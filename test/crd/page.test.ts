import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { isDocumentKind } from '../../src/crd/document-of.ts';
import { grantOf } from '../../src/crd/grants.ts';
import { fencedBlocks, readPage } from '../docs/pages.ts';
import { made } from './objects.ts';

const PAGE = 'docs/kubernetes-objects.md';
const blocks = fencedBlocks(await readPage(PAGE), 'yaml').filter((block) => block.includes('apiVersion: ostiary.dev/'));

test(`${PAGE} has objects`, () => expect(blocks.length).toBeGreaterThan(1));

test.each(blocks)(`${PAGE}: the objects of an example become documents %#`, (block) => {
  const object = parse(block) as Record<string, unknown>;
  if (isDocumentKind(object['kind'])) {
    const { document } = made(object, { resolveSecret: () => ({ text: 'a secret' }) });
    expect(document['kind']).toBe(object['kind']);
  } else {
    expect(grantOf(object)).toBeDefined();
  }
});
