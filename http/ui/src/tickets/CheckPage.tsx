export default function CheckPage(_: Record<string,string>) { return null }
