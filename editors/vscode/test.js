// Holds the grammar against what Python says of each token of the corpus, with the engine of VS Code.
"use strict";
const fs = require("fs");
const path = require("path");
const { execFileSync } = require("child_process");
const textmate = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const root = path.join(__dirname, "..", "..");
const wasm = require.resolve("vscode-oniguruma/release/onig.wasm");
const python = process.env.PYTHON || "python";

async function main() {
  await oniguruma.loadWASM(fs.readFileSync(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => {
      const file = path.join(__dirname, "rlm.tmLanguage.json");
      return textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file);
    },
  });
  const grammar = await registry.loadGrammar("source.rlm");
  const written = execFileSync(python, ["-m", "editors.grammar", "--expected"], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  const expected = JSON.parse(written);
  let seen = 0;
  let wrong = 0;
  for (const [file, tokens] of Object.entries(expected)) {
    const scopes = scopesOf(grammar, fs.readFileSync(path.join(root, file), "utf8"));
    for (const [at, text, scope] of tokens) {
      seen += 1;
      const found = scopes[at] || [];
      if (!found.some((one) => one.startsWith(scope))) {
        wrong += 1;
        if (wrong <= 20) console.log(`${file}:${at}: ${JSON.stringify(text)} is ${found}, not ${scope}`);
      }
    }
  }
  console.log(`${seen - wrong} passed, ${wrong} failed`);
  process.exitCode = wrong === 0 && seen > 0 ? 0 : 1;
}

// The scopes of each character, by its place as Python counts: code points of the whole text.
function scopesOf(grammar, text) {
  const scopes = [];
  let state = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    let at = 0;
    for (const letter of line) {
      const token = tokens.find((one) => one.startIndex <= at && at < one.endIndex);
      scopes.push(token ? token.scopes : []);
      at += letter.length;
    }
    scopes.push([]);
  }
  return scopes;
}

main();
