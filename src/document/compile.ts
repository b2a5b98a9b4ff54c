import { Compiler } from './compiler.ts';
import type { CompileFailure, CompileOptions, CompiledSnapshot } from './compiler.ts';
import type { CompleteSet } from './document-set.ts';

/** The result of a single set of documents. */
export type CompiledOnce =
  | (CompiledSnapshot & {
      /** Closes the policies: called once, when no Check can reach the snapshot any more. */
      dispose(): void;
    })
  | CompileFailure;

/** Compiles a set that no change will follow. */
export async function compile(set: CompleteSet, options: CompileOptions): Promise<CompiledOnce> {
  const compiler = new Compiler(options);
  const compiled = await compiler.apply(set);
  if (compiled.snapshot === undefined) {
    compiler.close();
    return compiled;
  }
  return { ...compiled, dispose: closerOf(compiler) };
}

/** A function outside the scope of the set, so that it does not keep the set's texts alive. */
function closerOf(compiler: Compiler): () => void {
  return () => compiler.close();
}
