import { defineConfig } from 'rolldown';

/** What the image runs: few files, minified, so that less of them is read and kept in memory. */
export default defineConfig({
  // The thread that hashes passwords is a program of its own.
  input: { main: 'src/main.ts', 'password-worker': 'src/password/worker.ts' },
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
