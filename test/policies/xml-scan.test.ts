import { describe, expect, it } from 'vitest';
import { scanXml } from '../../src/policies/xml-scan.ts';

const none = {
  nodeDepth: 10_000,
  attributeCount: Infinity,
  childCount: Infinity,
  textLength: Infinity,
  attributeLength: Infinity,
  commentLength: Infinity,
};

function scan(text: string | Uint8Array, limits: Partial<typeof none> = {}) {
  return scanXml(Buffer.from(text as string), { ...none, ...limits })?.kind ?? 'fine';
}

describe('scanXml', () => {
  it.each([
    '<a/>',
    '<a></a>',
    ' <a />\n',
    '<?xml version="1.0"?><a/>',
    "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a/>",
    '<a b="c" d=\'e "f"\'>text &lt; &#65; &#x1F600; <b:c xmlns:b="urn:b"/><!-- c - d --><![CDATA[ <x> & ]]></a >',
    '<été>é</été>',
    '<a>]] ></a>',
    '<!-- before --><a/><!-- after -->',
    '<a b="&quot;&gt;"/>',
  ])('takes %s', (text) => {
    expect(scan(text)).toBe('fine');
  });

  it.each([
    ['a document type', '<!DOCTYPE a><a/>'],
    ['a document type with entities', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['a document type of a file', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['a document type in other letters', '<!doctype a><a/>'],
    ['a declaration of an entity inside', '<a><!ENTITY b "c"></a>'],
    ['an entity', '<a>&b;</a>'],
    ['an entity in an attribute', '<a b="&c;"/>'],
    ['a reference to no character', '<a>&#0;</a>'],
    ['a reference to a surrogate', '<a>&#xD800;</a>'],
    ['a reference beyond Unicode', '<a>&#x110000;</a>'],
    ['a bare ampersand', '<a>b & c</a>'],
    ['a processing instruction', '<?php x ?><a/>'],
    ['a processing instruction inside', '<a><?b c?></a>'],
    ['another encoding', '<?xml version="1.0" encoding="UTF-7"?><a/>'],
    ['version 1.1', '<?xml version="1.1"?><a/>'],
    ['a declaration that is not at the start', ' <?xml version="1.0"?><a/>'],
    ['a declaration in capitals', '<?XML version="1.0"?><a/>'],
    ['a byte order mark', '\ufeff<a/>'],
    ['UTF-16', Buffer.from('<a/>', 'utf16le')],
    ['nothing', ''],
    ['white space alone', ' '],
    ['a text alone', 'a'],
    ['JSON', '{"a":1}'],
    ['two roots', '<a/><b/>'],
    ['a text before the root', 'x<a/>'],
    ['a text behind the root', '<a/>x'],
    ['a section behind the root', '<a/><![CDATA[x]]>'],
    ['an end of another name', '<a></b>'],
    ['an end of a longer name', '<a></ab>'],
    ['an end without a start', '</a>'],
    ['ends that cross', '<a><b></a></b>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['an attribute without quotes', '<a b=c/>'],
    ['an attribute without a value', '<a b/>'],
    ['attributes without a space between', '<a b="1"c="2"/>'],
    ['a < in an attribute', '<a b="<"/>'],
    ['a name that begins with a digit', '<1a/>'],
    ['a space before a name', '< a/>'],
    ['-- in a comment', '<a><!-- b -- c --></a>'],
    ['--- at the end of a comment', '<a><!-- b ---></a>'],
    [']]> in a text', '<a>]]></a>'],
    ['a control character', '<a>\u0001</a>'],
    ['a NUL in a comment', '<a><!--\0--></a>'],
    ['U+FFFF', '<a>\uffff</a>'],
    ['an overlong form', Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xbc, 0x3c, 0x2f, 0x61, 0x3e])],
    ['no UTF-8 in a name', Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e])],
  ])('refuses %s', (_, text) => {
    expect(scan(text)).toBe('malformed');
  });

  it('refuses whatever is cut off, at every byte', () => {
    const whole = Buffer.from('<?xml version="1.0"?><a b="é&lt;"><!--c--><d>é&#65;</d><![CDATA[e]]></a>');
    expect(scan(whole)).toBe('fine');
    for (let end = 0; end < whole.length; end++) expect(scan(whole.subarray(0, end))).toBe('malformed');
  });
});

describe('limits', () => {
  it.each([
    ['nodeDepth', 2, '<a><b/><c/></a>', '<a><b><c/></b></a>'],
    ['attributeCount', 1, '<a b="1"><c d="1"/></a>', '<a b="1" c="2"/>'],
    ['childCount', 2, '<a><b/><c>1</c> </a>', '<a><b/>text<c/></a>'],
    ['textLength', 3, '<a>abc</a>', '<a>abcd</a>'],
    ['textLength', 3, '<a><![CDATA[abc]]></a>', '<a><![CDATA[abcd]]></a>'],
    ['textLength', 1, '<a>a</a>', '<a>    </a>'],
    ['attributeLength', 1, '<a b="c"/>', '<a b="cd"/>'],
    ['commentLength', 1, '<a><!--b--></a>', '<a><!--bc--></a>'],
  ])('%s %i lets %s through, not %s', (limit, most, within, beyond) => {
    expect(scan(within, { [limit]: most })).toBe('fine');
    expect(scan(beyond, { [limit]: most })).toBe('limit');
  });

  it('end what is nested a million deep, and read a megabyte of one text', () => {
    expect(scan('<a>'.repeat(1_000_000))).toBe('limit');
    expect(scan('<a>'.repeat(10_000) + '</a>'.repeat(10_000))).toBe('fine');
    expect(scan(`<a>${'x'.repeat(1 << 20)}</a>`)).toBe('fine');
    expect(scan(`<a ${Array.from({ length: 50_000 }, (_, i) => `b${i}=""`).join(' ')}/>`)).toBe('fine');
  });
});
