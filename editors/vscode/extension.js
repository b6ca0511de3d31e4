// Begins `rlm lsp` for recipes and rlm.toml, and carries out the lenses in a terminal.
"use strict";
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const COMMANDS = ["plan", "run", "graph", "test", "eval", "tune", "batch"];
let client;

function program() {
  return vscode.workspace.getConfiguration("rlm").get("path", "rlm");
}

async function begin() {
  const options = { command: program(), args: ["lsp"] };
  client = new LanguageClient("rlm", "rlm", options, {
    documentSelector: [{ language: "rlm" }, { pattern: "**/rlm.toml" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.rlm,rlm.toml,rlm.lock}") },
  });
  await client.start();
}

// A word as a shell of any kind takes it: arguments are given one by one, never as a line.
async function carryOut(word, given) {
  const editor = vscode.window.activeTextEditor;
  const file = given.length > 0 ? given[0] : editor && editor.document.uri.fsPath;
  if (!file) return;
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file));
  await vscode.workspace.saveAll(false);
  const process = new vscode.ProcessExecution(program(), [word, file, ...given.slice(1)], {
    cwd: folder ? folder.uri.fsPath : undefined,
  });
  const scope = folder || vscode.TaskScope.Workspace;
  const task = new vscode.Task({ type: "rlm", word }, scope, `rlm ${word}`, "rlm", process);
  await vscode.tasks.executeTask(task);
}

async function activate(context) {
  for (const word of COMMANDS) {
    const command = (...given) => carryOut(word, given);
    context.subscriptions.push(vscode.commands.registerCommand(`rlm.${word}`, command));
  }
  const restart = async () => {
    if (client) await client.stop();
    await begin();
  };
  context.subscriptions.push(vscode.commands.registerCommand("rlm.restart", restart));
  await begin();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
