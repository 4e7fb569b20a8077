/**
 * The WebAssembly interface as far as this project uses it, in the form of the DOM library, which the sources do not
 * include because everything else of it does not exist in node.
 */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }
  var Memory: { prototype: Memory; new (descriptor: MemoryDescriptor): Memory };
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  interface Table {
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(delta: number, value?: unknown): number;
  }
  var Table: { prototype: Table; new (descriptor: TableDescriptor, value?: unknown): Table };
  interface TableDescriptor {
    element: "anyfunc" | "externref";
    initial: number;
    maximum?: number;
  }

  interface Module {}
  var Module: {
    prototype: Module;
    new (bytes: NodeJS.ArrayBufferView | ArrayBuffer): Module;
    exports(module: Module): { kind: string; name: string }[];
    imports(module: Module): { kind: string; module: string; name: string }[];
  };

  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  var Instance: { prototype: Instance; new (module: Module, imports?: Imports): Instance };

  type ModuleImports = Record<string, unknown>;
  type Imports = Record<string, ModuleImports>;

  interface CompileError extends Error {}
  var CompileError: { prototype: CompileError; new (message?: string): CompileError };

  function validate(bytes: NodeJS.ArrayBufferView | ArrayBuffer): boolean;
  function compile(bytes: NodeJS.ArrayBufferView | ArrayBuffer): Promise<Module>;
  function instantiate(
    bytes: NodeJS.ArrayBufferView | ArrayBuffer,
    imports?: Imports,
  ): Promise<{ module: Module; instance: Instance }>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
}
