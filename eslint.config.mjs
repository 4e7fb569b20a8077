import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Files the type checker knows (tsconfig.json). */
const typed = ["src/**/*.ts", "test/**/*.ts", "bench/**/*.ts", "web/**/*.ts"];

const nodeGlobals =
  "process console URL Buffer fetch performance setTimeout clearTimeout setInterval clearInterval WebAssembly".split(
    " ",
  );

export default tseslint.config(
  { ignores: ["build/", "dist/", "docs/api/", ".guests/", "assembly/gen/", "coverage/"] },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ["error", "always"],
      "no-else-return": "error",
      "prefer-const": "error",
      "no-var": "error",
      "object-shorthand": "error",
    },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: {
      globals: Object.fromEntries(nodeGlobals.map((name) => [name, "readonly"])),
    },
  },
  {
    files: typed,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Register numbers, sizes and addresses go into messages as they are.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `enum` values are plain numbers on both sides of the core's ABI, and come from what the core and guests write.
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      // Callers in JavaScript and guests do not keep to the types; checks that look needless are for them.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `return fail(…)` ends a function; a device whose reset has nothing to do says so with an empty body.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-empty-function": "off",
      // `"builtin" | ImageSource` tells a reader more than `string`.
      "@typescript-eslint/no-redundant-type-constituents": "off",
      // Interfaces of callbacks are taken apart where they are given; strings that are spread are ASCII.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-misused-spread": "off",
      "@typescript-eslint/prefer-literal-enum-member": ["error", { allowBitwiseExpressions: true }],
      // An index that a bound has just been checked for is asserted with `!`; noUncheckedIndexedAccess finds the rest.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    // Declarations of globals have no other form.
    files: ["**/*.d.ts"],
    rules: { "no-var": "off", "@typescript-eslint/no-empty-object-type": "off" },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/host/**"],
    rules: {
      // Imports of node:* are caught by test/layers.test.ts, globals here.
      "no-restricted-globals": [
        "error",
        ...["process", "Buffer", "global", "require", "__dirname", "__filename", "document", "window", "self"].map(
          (name) => ({ name, message: "Only src/host may know which host it is on." }),
        ),
      ],
    },
  },
  {
    // AssemblyScript: TypeScript's syntax, another language's types. Only rules that need no types.
    files: ["assembly/**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { allowInvalidAST: true } },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      // asc resolves names and knows its own globals; `==` compares numbers.
      "no-undef": "off",
      eqeqeq: "off",
      // asc's own numbers: i64 literals do not lose precision.
      "no-loss-of-precision": "off",
      "no-unused-vars": "off",
      // Every handler takes (hart, r), used or not: the dispatcher is generated.
      "@typescript-eslint/no-unused-vars": ["error", { args: "none" }],
    },
  },
);
