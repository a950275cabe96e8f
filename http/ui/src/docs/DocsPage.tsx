export default function DocsPage(_: Record<string,string>) { return null }
