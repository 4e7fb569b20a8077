/** Text helpers of the generator. */

/** The comment that opens a generated file. */
export function heading(subject: string): string {
  return `/** ${subject} Generated from src/isa by \`npm run generate\`; do not edit. */\n`;
}
