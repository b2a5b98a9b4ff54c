import { defineConfig } from 'rolldown';

/** What the image runs: few files, minified, so that less of them is read and kept in memory. */
export default defineConfig({
  // The threads that hash passwords and that have a database are programs of their own.
  input: {
    main: 'src/main.ts',
    'password-worker': 'src/password/worker.ts',
    'sqlite-worker': 'src/database/sqlite-worker.ts',
  },
  platform: 'node',
  // An `import` of a module of Node's reads each of its exports, and so loads what nobody asked for; `require` doesn't.
  output: { dir: 'dist', format: 'cjs', minify: true, cleanDir: true },
  plugins: [
    {
      name: 'package-type',
      generateBundle() {
        this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' });
      },
    },
  ],
});
