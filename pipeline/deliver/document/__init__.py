"""成果/文本: the draft text of the plan and its annexed tables as docx (guideline 6.1, 6.2, 6.3)."""
