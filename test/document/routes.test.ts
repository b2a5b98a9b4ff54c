import { expect, describe, it } from 'vitest';
import { compileFolder, document, faultsOf, snapshotOf, writeFolder } from './documents.ts';

const api = (spec: object) => ({ 'docs/orders.json': document('Api', 'orders', { basePath: '/orders', ...spec }) });

const openapi = (more: string) => `openapi: 3.1.0\ninfo: { title: Orders, version: '1' }\n${more}`;

describe('the routes of an API', () => {
  it('are told with the base path, or by their name', async () => {
    const routes = [{ path: '/' }, { path: '/{id}' }, { name: 'search', methods: ['POST'], path: '/search' }];
    const { apis } = await snapshotOf(api({ routes }));
    const told = (method: string, path: string) => apis[0]?.routes?.routeOf(method, path);
    expect(told('GET', '/')).toBe('/orders');
    expect(told('GET', '/4711')).toBe('/orders/{id}');
    expect(told('POST', '/search')).toBe('search');
    expect(told('GET', '/search')).toBe('/orders/{id}');
    expect((await snapshotOf(api({}))).apis[0]?.routes).toBeUndefined();
  });

  it.each([
    ['orders/{id}', 'path: expected a path that starts with "/"'],
    ['/{id', 'path: expected a name in each pair of braces, inside one segment, such as "/orders/{id}"'],
    ['/{}', 'path: expected a name in each pair of braces, inside one segment, such as "/orders/{id}"'],
    ['/{a/b}', 'path: expected a name in each pair of braces, inside one segment, such as "/orders/{id}"'],
    ['/{a}{b}', 'path: expected text between two parameters: nobody can tell where one ends'],
    ['/{a}?b=c', 'path: expected a path alone, without query and fragment'],
    ['/{a}/*', 'path: expected a literal path, without "*": everything below it belongs to it anyhow'],
    ['/a'.repeat(64), 'path: expected at most 64 segments'],
    [`/${'a'.repeat(1024)}`, 'path: expected at most 1024 characters'],
  ])('is no template: %s', async (path, fault) => {
    expect(await faultsOf(api({ routes: [{ path }] }))).toEqual([expect.stringContaining(`spec.routes[0].${fault}`)]);
  });

  it('must be told apart', async () => {
    const twin = 'path: matches the same requests as routes[0]: leave one out, or give them different methods';
    const twins = (one: object, other: object) => faultsOf(api({ routes: [one, other] }));
    expect(await twins({ path: '/{a}' }, { path: '/{b}/' })).toEqual([expect.stringContaining(`routes[1].${twin}`)]);
    const [get, both] = [
      { path: '/{a}', methods: ['GET'] },
      { path: '/{a}', methods: ['PUT', 'GET'] },
    ];
    expect(await twins(get, both)).toEqual([expect.stringContaining(`routes[1].${twin}`)]);
    expect(await twins(get, { path: '/{a}', methods: ['PUT'] })).toEqual([]);
    expect(await twins(get, { path: '/{a}' })).toEqual([]);
    expect(await faultsOf(api({ routes: [{ path: '/a', methods: ['get'] }] }))).toEqual([
      expect.stringContaining('spec.routes[0].methods[0]: expected a method such as GET, in capitals'),
    ]);
  });
});

describe('the paths of an OpenAPI document', () => {
  const told = async (text: string, paths: readonly string[], file = 'open/orders.yaml', spec: object = {}) => {
    const folder = writeFolder({ ...api({ openapi: { file: `../${file}` }, ...spec }), [file]: text });
    const { snapshot } = await compileFolder(`${folder}/docs`);
    return paths.map((path) => snapshot?.apis[0]?.routes?.routeOf('GET', path));
  };
  const faults = async (text: string, file = 'open/orders.yaml') => {
    const folder = writeFolder({ ...api({ openapi: { file: `../${file}` } }), [file]: text });
    const compiled = await compileFolder(`${folder}/docs`);
    return compiled.snapshot === undefined
      ? compiled.faults.map(({ line, message }) => `${line} ${message.split(' (named by ', 1)[0]}`)
      : [];
  };

  it('are routes, taken with the path of a server that the gateway has too', async () => {
    const paths = 'paths:\n  /: {}\n  /{id}: { get: {} }\n  x-note: {}\n';
    expect(await told(openapi(paths), ['/', '/1', '/1/2'])).toEqual(['/orders', '/orders/{id}', undefined]);
    const servers = 'servers: [{ url: https://api.example.com/orders/ }]\n';
    expect(await told(openapi(servers + paths), ['/', '/1'])).toEqual(['/orders', '/orders/{id}']);
    const whole = 'servers: [{ url: /v1 }, { url: "https://{host}" }]\npaths:\n  /orders/{id}: {}\n  /health: {}\n';
    expect(await told(openapi(whole), ['/1', '/health', '/orders/1'])).toEqual(
      ['/orders/{id}', '/orders/health', undefined], //
    );
  });

  it('are read of JSON and of the second version, and give way to routes of the API itself', async () => {
    const swagger = { swagger: '2.0', basePath: '/orders', paths: { '/{id}': {}, '/{id}/items': {} } };
    const spec = { routes: [{ path: '/{order}', name: 'one-order' }] };
    const text = JSON.stringify(swagger);
    expect(await told(text, ['/1', '/1/items'], 'open/orders.json', spec)).toEqual(['one-order', '/orders/{id}/items']);
  });

  it('are faults of the file where it is none', async () => {
    expect(await faults('just text')).toEqual(['0 expected an OpenAPI document: "openapi: 3.…", or "swagger: 2.0"']);
    expect(await faults('{')).toEqual(['0 expected JSON, since it begins with a brace']);
    expect(await faults('openapi: 3.1.0\npaths: [\n')).toEqual([expect.stringMatching(/^\d not valid YAML/)]);
    expect(await faults(openapi('paths: []\n'))).toEqual(['0 expected a mapping of "paths"']);
    expect(await faults(openapi('paths:\n  /a: {}\n  /{id: {}\n'))).toEqual([
      '5 a path: expected a name in each pair of braces, inside one segment, such as "/orders/{id}"',
    ]);
    const many = Array.from({ length: 2001 }, (_, at) => `  /a${at}: {}\n`).join('');
    expect(await faults(openapi(`paths:\n${many}`))).toEqual(['0 has 2001 paths, and may have 2000']);
  });

  it('are part of the version of the documents, and missing ones a fault', async () => {
    const version = async (text: string) => {
      const folder = writeFolder({ ...api({ openapi: { file: '../o.yaml' } }), 'o.yaml': text });
      return (await compileFolder(`${folder}/docs`)).snapshot?.version;
    };
    const one = await version(openapi('paths: { /a: {} }\n'));
    expect(one).toBe(await version(openapi('paths: { /a: {} }\n')));
    expect(one).not.toBe(await version(openapi('paths: { /b: {} }\n')));
    expect(await faultsOf(api({ openapi: { file: '../missing.yaml' } }))).toEqual([
      expect.stringMatching(/spec\.openapi\.file: the OpenAPI document .*missing\.yaml: /),
    ]);
  });

  it('are told to be moved where the document lies among those of ostiary', async () => {
    const message =
      'is of an OpenAPI document: keep it outside the folder of documents, and name it in spec.openapi.file of its Api';
    expect(await faultsOf(openapi('paths: {}\n'))).toEqual([`a.yaml:1:1: openapi: ${message}`]);
    expect(await faultsOf('swagger: "2.0"\n')).toEqual([`a.yaml:1:1: swagger: ${message}`]);
  });
});
